package io.github.influence4j.lm.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** GGUF files against the package gguf for Python: src/test/python/make_gguf.py. */
class GgufFileTest {

    private static final Path FOLDER = Path.of("src/test/resources/gguf");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q4_K", "Q6_K"})
    void numbersAreThoseOfTheReferenceToTheBit(String type) throws Exception {
        try (GgufFile file = GgufFile.open(FOLDER.resolve("types.gguf"));
                SafetensorsFile expected = SafetensorsFile.open(FOLDER.resolve("types.safetensors"))) {
            assertEquals(List.of(3L, 512L), file.shape(type));
            Matrix found = file.matrix(type);
            float[] all = new float[3 * 512];
            found.read(0, 3, all, 0);
            float[] wanted = new float[3 * 512];
            expected.matrix(type).read(0, 3, wanted, 0);
            assertArrayEquals(wanted, all);
            // any division into rows gives the same
            float[] some = new float[2 * 512 + 1];
            found.read(1, 2, some, 1);
            for (int k = 0; k < 2 * 512; k++) {
                assertEquals(all[512 + k], some[1 + k]);
            }
            double[][] doubles = found.toArray();
            assertEquals(all[700], doubles[1][188]);
        }
    }

    @Test
    void metadataHaveTheirTypes() throws Exception {
        try (GgufFile file = GgufFile.open(FOLDER.resolve("types.gguf"))) {
            assertEquals(Optional.of("llama"), file.text("general.architecture"));
            assertEquals(Optional.of(1e-5), file.number("llama.attention.layer_norm_rms_epsilon"));
            assertEquals(Optional.of(true), file.flag("general.yes"));
            assertEquals(Optional.of(List.of("ä", "b")), file.list("general.words", String.class));
            assertEquals(Optional.of(List.of(1L, -2L, 3L)), file.list("general.numbers", Long.class));
            assertEquals(Optional.empty(), file.integer("nothing"));
            assertThrows(MalformedFileException.class, () -> file.integer("general.architecture"));
            assertThrows(MalformedFileException.class, () -> file.list("general.words", Long.class));
            assertThrows(MalformedFileException.class, () -> file.matrix("nothing"));
        }
    }

    @Test
    void damagedFilesAreRefusedWithWhatIsWrong() throws Exception {
        byte[] whole = Files.readAllBytes(FOLDER.resolve("types.gguf"));
        refused(new byte[10], "is not a GGUF file");
        refused("GGML aaaaaaaaaaaaaaaaaaaaaaaa".getBytes("UTF-8"), "is not a GGUF file");
        refused(with(whole, 4, 1, 4), "is of GGUF version 1");
        refused(with(whole, 8, 1L << 40, 8), "announces 1099511627776 things");
        refused(with(whole, 8, -1L, 8), "announces 18446744073709551615 things");
        refused(with(whole, 24, 1L << 50, 8), "announces a text of 1125899906842624 bytes");
        refused(Arrays.copyOf(whole, 300), "download the file again");
        refused(Arrays.copyOf(whole, whole.length - 200), "tensor \"Q6_K\"", "download the file again");
    }

    @Test
    void aTypeThatIsNotReadIsNamed() throws Exception {
        byte[] whole = Files.readAllBytes(FOLDER.resolve("types.gguf"));
        int at = new String(whole, "ISO-8859-1").indexOf("F32") + 3 + 4 + 16;
        assertEquals(0, whole[at]);
        refused(with(whole, at, 13, 4), "tensor \"F32\" is of type Q5_K", "take a file with another quantisation");
        refused(with(whole, at, 99, 4), "type number 99");
        int last = new String(whole, "ISO-8859-1").indexOf("Q6_K") + 4 + 4 + 16;
        assertEquals(14, whole[last]);
        refused(with(whole, last, 0, 4), "tensor \"Q6_K\" of 6144 bytes begins at byte", "which have");
    }

    /** A small file could else ask for any number of numbers. */
    @Test
    void tensorsAtTheSameBytesAreRefused() throws Exception {
        byte[] whole = Files.readAllBytes(FOLDER.resolve("types.gguf"));
        int offset = new String(whole, "ISO-8859-1").indexOf("Q8_0") + 4 + 4 + 16 + 4;
        refused(with(whole, offset, 0, 8), "has the tensors", "\"Q8_0\"", "at the same bytes");
    }

    private static byte[] with(byte[] bytes, int at, long value, int size) {
        byte[] changed = bytes.clone();
        ByteBuffer buffer = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
        if (size == 4) {
            buffer.putInt(at, (int) value);
        } else {
            buffer.putLong(at, value);
        }
        return changed;
    }

    private void refused(byte[] bytes, String... parts) throws Exception {
        Path file = folder.resolve("damaged.gguf");
        Files.write(file, bytes);
        String message = String.valueOf(assertThrows(MalformedFileException.class, () -> GgufFile.open(file))
                .getMessage());
        assertTrue(message.startsWith(file.toString()), message);
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }
}
