package io.github.influence4j.store.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.NotBlank;
import net.jqwik.api.constraints.Size;

/** A file that says what it is comes back whole, or not at all. */
class SealedJsonTest {

    @Property(tries = 200)
    void comesBack(@ForAll @Size(max = 5) Map<@NotBlank String, String> texts) throws IOException {
        Path file = Files.createTempFile("sealed", ".json");
        try {
            Map<String, Object> entries = Map.of("texts", texts, "checksum of texts", "0".repeat(64));
            Files.write(file, SealedJson.write(entries));
            assertEquals(
                    new TreeMap<>(texts),
                    new TreeMap<>(SealedJson.read(file, "it").object("texts").texts()));
        } finally {
            Files.delete(file);
        }
    }

    /** Defect: a manifest in which a word was changed was taken. */
    @Property(tries = 300)
    void everyChangedByteIsSeen(@ForAll int where, @ForAll byte flip) throws IOException {
        byte[] bytes = SealedJson.write(Map.of("strategy", "ekfac", "blocks", 1));
        bytes[Math.floorMod(where, bytes.length)] ^= flip == 0 ? 1 : flip;
        Path file = Files.createTempFile("sealed", ".json");
        try {
            Files.write(file, bytes);
            assertThrows(MalformedFileException.class, () -> SealedJson.read(file, "it"));
        } finally {
            Files.delete(file);
        }
    }
}
