package io.github.influence4j.store.runs;

import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.PendingFile;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.util.Set;

/**
 * What a unit's file must be. Sums are written anew after every part and live as long as the run: CRC-32C finds damage to them, and
 * takes a tenth of the time of the SHA-256 that results have.
 *
 * @param bytes its size
 * @param crc32c its CRC-32C in hexadecimal digits
 */
record UnitChecksum(long bytes, String crc32c) {

    static UnitChecksum of(PendingFile file) throws IOException {
        return new UnitChecksum(file.size(), file.crc32c());
    }

    static UnitChecksum parse(StrictJson entry) {
        entry.requireOnly(Set.of("bytes", "crc32c"));
        return new UnitChecksum(entry.integer("bytes"), entry.text("crc32c"));
    }

    /** Reads the file and compares. */
    void verify(SafetensorsFile file) throws IOException {
        if (file.size() != bytes || !file.crc32c().equals(crc32c)) {
            throw new MalformedFileException(
                    file.path(), "is not the file that the progress describes: size or checksum differ");
        }
    }
}
