package io.github.influence4j.safetensors;

import static io.github.influence4j.safetensors.Bytes.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsRoundTripTest {

    @TempDir
    private Path folder;

    /** Some numbers that every type can hold, more than one buffer of them. */
    private static final int MANY = 300_000;

    static Stream<TensorType> read() {
        return Stream.of(TensorType.values()).filter(TensorType::isRead);
    }

    @ParameterizedTest
    @MethodSource("read")
    void everyTypeComesBackFromAnyPlace(TensorType type) throws IOException {
        Path file = folder.resolve("x.safetensors");
        long[] numbers =
                new Random(7).longs(MANY, 0, type == TensorType.BOOL ? 2 : 128).toArray();
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                file,
                List.of(TensorSpec.of("odd", TensorType.U8, 1), TensorSpec.of("x", type, 3, MANY / 3)),
                Map.of())) {
            writer.append("odd", new long[] {200}, 0, 1);
            for (int at : new int[] {0, 100_000, 100_001}) {
                int count = (at == 0 ? 100_000 : at == 100_000 ? 1 : MANY - at);
                if (type.isFloating()) {
                    double[] part = new double[count];
                    for (int k = 0; k < count; k++) {
                        part[k] = numbers[at + k];
                    }
                    writer.append("x", part, 0, count);
                } else {
                    writer.append("x", numbers, at, count);
                }
            }
            writer.commit();
        }
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            double[] doubles = new double[MANY + 2];
            float[] floats = new float[MANY];
            read.read("x", 0, MANY, doubles, 2);
            read.read("x", 5, MANY - 5, floats, 5);
            for (int k = 5; k < MANY; k++) {
                assertEquals(numbers[k], doubles[k + 2], 0);
                assertEquals(numbers[k], floats[k], 0);
            }
            Matrix row = read.matrix("x", 1, 1);
            assertEquals(MANY / 3, row.columns());
            assertEquals(numbers[MANY / 3 + 4], row.toArray()[0][4], 0);
            if (!type.isFloating()) {
                long[] back = new long[MANY];
                read.read("x", 0, MANY, back, 0);
                assertArrayEquals(numbers, back);
            }
        }
    }

    @Test
    void integersKeepTheirSign() throws IOException {
        Path file = folder.resolve("x.safetensors");
        long[] numbers = {-1, Long.MIN_VALUE, Long.MAX_VALUE};
        List<TensorSpec> specs = Stream.of(TensorType.values())
                .filter(type -> type.isRead() && !type.isFloating() && type != TensorType.BOOL)
                .map(type -> TensorSpec.of(type.name(), type, 3))
                .toList();
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, Map.of())) {
            for (TensorSpec spec : specs) {
                writer.append(spec.name(), numbers, 0, 3);
            }
            writer.commit();
        }
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            Map<String, double[]> expected = Map.of(
                    "I64", new double[] {-1, Long.MIN_VALUE, Long.MAX_VALUE},
                    "I32", new double[] {-1, 0, -1},
                    "I16", new double[] {-1, 0, -1},
                    "I8", new double[] {-1, 0, -1},
                    "U64", new double[] {0x1p64, 0x1p63, 0x1p63},
                    "U32", new double[] {4294967295.0, 0, 4294967295.0},
                    "U16", new double[] {65535, 0, 65535},
                    "U8", new double[] {255, 0, 255});
            expected.forEach((name, values) -> {
                double[] back = new double[3];
                read.read(name, 0, 3, back, 0);
                assertArrayEquals(values, back, name);
            });
        }
    }

    @Test
    void layoutIsTheFormats() throws IOException {
        Path file = folder.resolve("x.safetensors");
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                file,
                List.of(TensorSpec.of("half", TensorType.F16, 1), TensorSpec.of("é\"", TensorType.F32, 2, 1)),
                Map.of("format", "test"))) {
            writer.append("half", new float[] {1}, 0, 1);
            writer.append("é\"", Matrix.of(new double[][] {{1.5}, {-2}}));
            writer.commit();
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        int header = (int) bytes.getLong(0);
        assertEquals(0, header % 8);
        String json = new String(bytes.array(), 8, header, java.nio.charset.StandardCharsets.UTF_8).strip();
        assertEquals(
                "{\"__metadata__\":{\"format\":\"test\"},"
                        + "\"é\\\"\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
                        + "\"half\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[8,10]}}",
                json);
        assertEquals(1.5f, bytes.getFloat(8 + header));
        assertEquals(-2f, bytes.getFloat(12 + header));
        assertEquals(0x3c00, bytes.getShort(16 + header));
        assertEquals(18 + header, bytes.limit());
    }

    @Test
    void describesItself() throws IOException {
        Path file = folder.resolve("x.safetensors");
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                file,
                List.of(
                        TensorSpec.of("scalar", TensorType.F64),
                        TensorSpec.of("none", TensorType.F32, 0, 5),
                        TensorSpec.of("cube", TensorType.BF16, 2, 3, 4)),
                Map.of("k", "v"))) {
            writer.append("scalar", new double[] {3}, 0, 1);
            writer.append("cube", new float[24], 0, 24);
            writer.commit();
        }
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            assertEquals("v", read.metadata("k"));
            assertEquals(Map.of("k", "v"), read.metadata());
            assertEquals(List.of("scalar", "none", "cube"), List.copyOf(read.names()));
            assertEquals(TensorSpec.of("cube", TensorType.BF16, 2, 3, 4), read.tensor("cube"));
            assertEquals(Files.size(file), read.size());
            assertEquals(file, read.path());
            assertFalse(read.find("nothing").isPresent());
            assertArrayEquals(new double[][] {{3}}, read.matrix("scalar").toArray());
            assertEquals(0, read.matrix("none").rows());
            assertEquals(6, read.matrix("cube").rows());
            assertEquals(Precision.FLOAT32, read.matrix("cube").precision());
            assertEquals("cube FLOAT32 6 x 4", read.matrix("cube").toString());
            assertThrows(MalformedFileException.class, () -> read.tensor("nothing"));
            assertThrows(MalformedFileException.class, () -> read.metadata("nothing"));
            assertThrows(MalformedFileException.class, () -> read.read("cube", 0, 1, new long[1], 0));
            assertThrows(IndexOutOfBoundsException.class, () -> read.read("cube", 20, 5, new double[5], 0));
            assertThrows(IndexOutOfBoundsException.class, () -> read.read("cube", 0, 5, new double[5], 1));
            assertThrows(IndexOutOfBoundsException.class, () -> read.read("cube", -1, 1, new float[1], 0));
            assertThrows(IndexOutOfBoundsException.class, () -> read.matrix("cube", 5, 2));
            assertThrows(
                    IndexOutOfBoundsException.class, () -> read.matrix("cube").read(6, 1, new float[4], 0));
        }
    }

    @Test
    void writerKeepsToWhatWasAnnounced() throws IOException {
        Path file = folder.resolve("x.safetensors");
        TensorSpec x = TensorSpec.of("x", TensorType.F32, 2);
        assertThrows(IllegalArgumentException.class, () -> SafetensorsWriter.create(file, List.of(x, x), Map.of()));
        assertThrows(IllegalArgumentException.class, () -> TensorSpec.of("x", TensorType.F32, 2, -1));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(x), Map.of())) {
            assertThrows(IllegalArgumentException.class, () -> writer.append("y", new float[1], 0, 1));
            assertThrows(IllegalArgumentException.class, () -> writer.append("x", new float[3], 0, 3));
            assertThrows(IllegalArgumentException.class, () -> writer.append("x", new long[1], 0, 1));
            writer.append("x", new float[1], 0, 1);
            assertThrows(IllegalStateException.class, writer::commit);
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(0, left.count());
        }
    }

    /** Defect: a file with one tensor of float8, of 4 bits or of complex numbers was refused whole. */
    @Test
    void tensorsOfOtherTypesStandBesideThoseThatAreRead() throws IOException {
        String header = "{" + tensor("complex", "C64", "[1]", 0, 8) + "," + tensor("weight", "F32", "[1]", 8, 12) + ","
                + tensor("f8", "F8_E4M3", "[2,2]", 12, 16) + "," + tensor("f4", "F4", "[3,2]", 16, 19) + ","
                + tensor("f6", "F6_E2M3", "[4]", 19, 22) + "," + tensor("scale", "F8_E8M0", "[]", 22, 23) + "}";
        Path file = Bytes.write(folder.resolve("x.safetensors"), header, 23);
        try (SafetensorsFile read = SafetensorsFile.open(file)) {
            assertEquals(TensorSpec.of("f4", TensorType.F4, 3, 2), read.tensor("f4"));
            assertEquals(3, read.tensor("f4").bytes());
            assertEquals(0, read.matrix("weight").toArray()[0][0]);
            for (String name : List.of("complex", "f8", "f4", "f6", "scale")) {
                String message = String.valueOf(
                        assertThrows(MalformedFileException.class, () -> read.read(name, 0, 1, new double[1], 0))
                                .getMessage());
                assertTrue(message.contains("whose numbers are not read here"), message);
                assertThrows(MalformedFileException.class, () -> read.read(name, 0, 1, new long[1], 0));
                assertThrows(
                        MalformedFileException.class, () -> read.matrix(name).toArray());
            }
        }
        assertThrows(IllegalArgumentException.class, () -> TensorSpec.of("odd", TensorType.F4, 3));
        assertThrows(IllegalArgumentException.class, () -> TensorSpec.of("odd", TensorType.F4));
    }
}
