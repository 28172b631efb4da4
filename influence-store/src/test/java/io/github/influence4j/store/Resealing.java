package io.github.influence4j.store;

import io.github.influence4j.store.json.SealedJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Edits files that hold their own checksum as somebody does who makes the checksum anew. */
public final class Resealing {

    private static final JsonMapper JSON = new JsonMapper();

    private Resealing() {}

    public static void edit(Path file, UnaryOperator<String> change) throws IOException {
        String changed = change.apply(Files.readString(file));
        Map<String, Object> entries =
                new LinkedHashMap<>(JSON.readValue(changed, new TypeReference<Map<String, Object>>() {}));
        entries.remove(SealedJson.CHECKSUM);
        Files.write(file, SealedJson.write(entries));
    }
}
