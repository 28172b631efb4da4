package io.github.influence4j.lm.gguf;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.MalformedFileException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged GGUF files are read or refused, and take no more memory than they have bytes for. */
class GgufFuzzTest {

    private static final int CASES = Integer.getInteger("influence.fuzz.cases", 3000);

    /** Numbers at which counts, lengths and offsets overflow or lead out of the file. */
    private static final long[] EDGES = {
        0, 1, -1, 255, 1 << 16, Integer.MAX_VALUE, 1L << 32, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE
    };

    @TempDir
    Path folder;

    @Test
    void damagedFilesAreReadOrRefused() throws Exception {
        byte[][] seeds = {
            Files.readAllBytes(Path.of("src/test/resources/gguf/types.gguf")),
            Files.readAllBytes(Path.of("src/test/resources/gguf/llama.gguf"))
        };
        Random random = new Random(20261128);
        Path file = folder.resolve("damaged.gguf");
        int read = 0;
        for (int k = 0; k < CASES; k++) {
            byte[] bytes = mutated(seeds[k % seeds.length], random);
            Files.write(file, bytes);
            try (GgufFile gguf = GgufFile.open(file)) {
                for (String name : gguf.names()) {
                    Matrix matrix = gguf.matrix(name);
                    assertTrue((long) matrix.rows() * matrix.columns() <= 2L * bytes.length, name);
                    matrix.read(matrix.rows() - 1, 1, new float[matrix.columns()], 0);
                }
                read++;
            } catch (MalformedFileException e) {
                assertTrue(String.valueOf(e.getMessage()).startsWith(file.toString()), e.getMessage());
            }
        }
        assertTrue(read > 0 && read < CASES, read + " of " + CASES + " were read");
    }

    private static byte[] mutated(byte[] seed, Random random) {
        byte[] bytes = seed.clone();
        // most of what can go wrong is in front
        int reach = random.nextBoolean() ? Math.min(bytes.length, 2000) : bytes.length;
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int at = random.nextInt(reach - 8);
            switch (random.nextInt(3)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 ->
                    ByteBuffer.wrap(bytes)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(at, EDGES[random.nextInt(EDGES.length)]);
                default -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            }
        }
        return random.nextInt(8) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }
}
