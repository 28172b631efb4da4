package io.github.influence4j.store.json;

import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * An object in JSON whose last entry, {@code checksum}, is the SHA-256 of the file with zeros in its place: who edits such a file
 * does not give other results under an old name unseen. It is no signature.
 */
public final class SealedJson {

    /** The entry's name. */
    public static final String CHECKSUM = "checksum";

    private static final String OPEN = "0".repeat(64);

    private static final Pattern SEAL = Pattern.compile("\"" + CHECKSUM + "\"\\s*:\\s*\"([0-9a-f]{64})\"\\s*}\\s*$");

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private SealedJson() {}

    /**
     * Writes an object.
     *
     * @param entries its entries, none named {@link #CHECKSUM}
     * @return the file's content
     */
    public static byte[] write(Map<String, Object> entries) {
        Map<String, Object> all = new LinkedHashMap<>(entries);
        all.put(CHECKSUM, OPEN);
        String text = JSON.writeValueAsString(all) + "\n";
        Matcher seal = SEAL.matcher(text);
        if (!seal.find()) {
            throw new IllegalStateException("the checksum is not the last entry of " + text);
        }
        return (text.substring(0, seal.start(1)) + Fingerprint.ofText(text) + text.substring(seal.end(1)))
                .getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads a file that {@link #write} made.
     *
     * @param file the file; a symbolic link is refused
     * @param where what the file is, for messages
     * @return the object, its checksum among its entries
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it is missing, not an object in JSON, or was changed
     */
    public static StrictJson read(Path file, String where) throws IOException {
        String text = StrictJson.text(file);
        StrictJson json = StrictJson.parse(file, where, text);
        Matcher seal = SEAL.matcher(text);
        if (!seal.find()) {
            throw new MalformedFileException(
                    file, where + " must end with its checksum: files of version 0.1 have none; make them anew");
        }
        String zeroed = text.substring(0, seal.start(1)) + OPEN + text.substring(seal.end(1));
        if (!Fingerprint.ofText(zeroed).equals(seal.group(1))) {
            throw new MalformedFileException(
                    file, where + " is not what was written: its checksum differs, so it was edited or damaged");
        }
        return json;
    }
}
