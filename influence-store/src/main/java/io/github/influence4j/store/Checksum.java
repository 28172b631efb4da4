package io.github.influence4j.store;

import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.Sha256;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What a file of a store must be.
 *
 * @param bytes its size
 * @param sha256 its SHA-256 in hexadecimal digits
 */
public record Checksum(long bytes, String sha256) {

    /**
     * Reads the checksums of a manifest.
     *
     * @param files the manifest's entry {@code files}
     * @return checksums by file name
     * @throws MalformedFileException if they are not checksums
     */
    public static Map<String, Checksum> parse(StrictJson files) {
        Map<String, Checksum> checksums = new LinkedHashMap<>();
        files.objects().forEach((name, entry) -> {
            entry.requireOnly(Set.of("bytes", "sha256"));
            checksums.put(name, new Checksum(entry.integer("bytes"), entry.text("sha256")));
        });
        return checksums;
    }

    /**
     * Reads a file and compares.
     *
     * @param file the file
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it is another one
     */
    public void verify(SafetensorsFile file) throws IOException {
        if (file.size() != bytes || !file.sha256().equals(sha256)) {
            throw new MalformedFileException(
                    file.path(), "is not the file that the manifest describes: size or checksum differ");
        }
    }

    /**
     * Reads a file of any kind and compares, its size first.
     *
     * @param file the file
     * @return whether it is there and the one that is described
     * @throws IOException if it cannot be read
     */
    public boolean matches(Path file) throws IOException {
        return Files.isRegularFile(file)
                && Files.size(file) == bytes
                && Sha256.of(file).equals(sha256);
    }
}
