package io.github.influence4j.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checksums of whole files against published values, and over more than one chunk. */
class ChecksumsOfFilesTest {

    @TempDir
    Path folder;

    /** The check value of CRC-32C (RFC 3720) and the first example of SHA-256 (FIPS 180-2). */
    @Test
    void publishedValues() throws IOException {
        assertEquals("e3069283", crc32c("123456789".getBytes(StandardCharsets.US_ASCII)));
        assertEquals("00000000", crc32c(new byte[0]));
        Path abc = Files.writeString(folder.resolve("abc"), "abc");
        assertEquals("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Sha256.of(abc));
    }

    @Test
    void everyChunkCounts() throws IOException {
        byte[] content = new byte[(1 << 19) + 3];
        new Random(1).nextBytes(content);
        CRC32C whole = new CRC32C();
        whole.update(content);
        assertEquals(HexFormat.of().toHexDigits((int) whole.getValue()), crc32c(content));
    }

    /** While it is written and when it is read. */
    private String crc32c(byte[] content) throws IOException {
        Path path = folder.resolve("some");
        try (AtomicFile file = AtomicFile.create(path)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                file.channel().write(bytes);
            }
            String written = file.crc32c();
            file.commit();
            byte[] read = Files.readAllBytes(path);
            assertEquals(
                    written,
                    Crc32c.of(
                            read.length,
                            (target, position) -> target.put(
                                    Arrays.copyOfRange(read, (int) position, (int) position + target.remaining()))));
            return written;
        }
    }
}
