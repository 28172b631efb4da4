package io.github.influence4j.safetensors;

import static io.github.influence4j.safetensors.Bytes.tensor;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MalformedHeaderTest {

    private static final String GOOD = tensor("a", "F32", "[2]", 0, 8);

    @TempDir
    private Path folder;

    /** What is wrong, the header, bytes of data, a part of the message. */
    static Stream<Arguments> headers() {
        return Stream.of(
                Arguments.of("gap", "{" + GOOD + "," + tensor("b", "F32", "[1]", 12, 16) + "}", 16, "ends at 8"),
                Arguments.of("gap at the start", "{" + tensor("a", "F32", "[1]", 4, 8) + "}", 8, "begins at byte 4"),
                Arguments.of(
                        "overlap", "{" + GOOD + "," + tensor("b", "F32", "[2]", 4, 12) + "}", 12, "begins at byte 4"),
                Arguments.of("same data twice", "{" + GOOD + "," + tensor("b", "F32", "[2]", 0, 8) + "}", 8, "begins"),
                Arguments.of("cut off", "{" + GOOD + "}", 7, "from byte 0 to 8 of data of 7 bytes"),
                Arguments.of("data behind the last tensor", "{" + GOOD + "}", 9, "end at byte 8 of data of 9"),
                Arguments.of("data without a tensor", "{}", 1, "end at byte 0"),
                Arguments.of("size", "{" + tensor("a", "F32", "[3]", 0, 8) + "}", 8, "needs 12 bytes, found 8"),
                Arguments.of("type of another size", "{" + tensor("a", "F64", "[2]", 0, 8) + "}", 8, "needs 16"),
                Arguments.of("unknown type", "{" + tensor("a", "F31", "[2]", 0, 8) + "}", 8, "not one of"),
                Arguments.of("end before begin", "{" + tensor("a", "F32", "[2]", 8, 0) + "}", 8, "from byte 8 to 0"),
                Arguments.of("beyond", "{" + tensor("a", "F32", "[2]", 0, Long.MAX_VALUE) + "}", 8, "from byte 0"),
                Arguments.of("negative offset", "{" + tensor("a", "F32", "[2]", -8, 0) + "}", 8, "negative"),
                Arguments.of("negative dimension", "{" + tensor("a", "F32", "[-2,-1]", 0, 8) + "}", 8, "negative"),
                Arguments.of(
                        "overflow to the right size",
                        "{" + tensor("a", "F32", "[4611686018427387906]", 0, 8) + "}",
                        8,
                        "overflows"),
                Arguments.of(
                        "overflow in two steps",
                        "{" + tensor("a", "U8", "[4294967296,4294967296]", 0, 0) + "}",
                        0,
                        "overflows"),
                Arguments.of(
                        "dimension beyond a long",
                        "{" + tensor("a", "F32", "[99999999999999999999]", 0, 8) + "}",
                        8,
                        ""),
                Arguments.of(
                        "endless number", "{" + tensor("a", "F32", "[" + "9".repeat(400) + "]", 0, 8) + "}", 8, ""),
                Arguments.of("fraction", "{" + tensor("a", "F32", "[2.0]", 0, 8) + "}", 8, "integers"),
                Arguments.of("text as a dimension", "{" + tensor("a", "F32", "[\"2\"]", 0, 8) + "}", 8, "integers"),
                Arguments.of("shape is a number", "{" + tensor("a", "F32", "2", 0, 8) + "}", 8, "an array"),
                Arguments.of("nested shape", "{" + tensor("a", "F32", "[[2]]", 0, 8) + "}", 8, "integers"),
                Arguments.of(
                        "rank", "{" + tensor("a", "F32", "[2" + ",1".repeat(20) + "]", 0, 8) + "}", 8, "more than 16"),
                Arguments.of("tensor twice", "{" + GOOD + "," + GOOD + "}", 8, "stands there twice"),
                Arguments.of(
                        "type twice",
                        "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                        8,
                        "dtype twice"),
                Arguments.of(
                        "metadata twice",
                        "{\"__metadata__\":{\"k\":\"1\"},\"__metadata__\":{\"l\":\"1\"}," + GOOD + "}",
                        8,
                        "twice"),
                Arguments.of(
                        "metadata twice, first empty",
                        "{\"__metadata__\":{},\"__metadata__\":{\"l\":\"1\"}," + GOOD + "}",
                        8,
                        "twice"),
                Arguments.of(
                        "metadata key twice", "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}," + GOOD + "}", 8, "twice"),
                Arguments.of("metadata of numbers", "{\"__metadata__\":{\"k\":1}," + GOOD + "}", 8, "a text"),
                Arguments.of("no type", "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "must have"),
                Arguments.of(
                        "one offset", "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", 8, "must have"),
                Arguments.of(
                        "three offsets",
                        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,9]}}",
                        8,
                        "more than 2"),
                Arguments.of("unknown entry", "{\"a\":{\"dtype\":\"F32\",\"strides\":[1]}}", 8, "unknown entry"),
                Arguments.of("tensor is a number", "{\"a\":1}", 8, "an object"),
                Arguments.of("array", "[]", 0, "must begin with {"),
                Arguments.of("empty", "", 0, "must begin with {"),
                Arguments.of("space in front", " {}", 0, "must begin with {"),
                Arguments.of("not closed", "{" + GOOD, 8, "JSON"),
                Arguments.of("something behind", "{" + GOOD + "}{}", 8, ""),
                Arguments.of("no JSON", "{" + "\u0000".repeat(100), 8, "JSON"),
                Arguments.of("deep", "{" + "\"a\":{".repeat(5000), 8, ""),
                Arguments.of("long name", "{" + tensor("n".repeat(100_000), "F32", "[2]", 0, 8) + "}", 8, ""));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("headers")
    void isRefused(String problem, String header, int dataBytes, String message) throws IOException {
        Path file = Bytes.write(folder.resolve("x.safetensors"), header, dataBytes);
        MalformedFileException refused = assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(file));
        String text = String.valueOf(refused.getMessage());
        assertTrue(text.contains(message) && text.startsWith(file.toString()), text);
        assertTrue(text.length() < 1000, "a message for one line: " + text.length());
    }

    @ParameterizedTest
    @org.junit.jupiter.params.provider.ValueSource(
            longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, 100_000_001, 93, 1_000_000})
    void lengthOfTheHeaderIsCheckedBeforeMemoryIsTaken(long length) throws IOException {
        Path file = Bytes.write(folder.resolve("x.safetensors"), "{" + GOOD + "}", 8);
        byte[] all = Files.readAllBytes(file);
        java.nio.ByteBuffer.wrap(all).order(java.nio.ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        Files.write(file, all);
        assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(file));
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        Path file = Bytes.write(folder.resolve("x.safetensors"), "{" + GOOD + "}", 8);
        byte[] all = Files.readAllBytes(file);
        for (int length = 0; length < all.length; length++) {
            Files.write(file, java.util.Arrays.copyOf(all, length));
            assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(file), length + " bytes");
        }
    }

    @Test
    void invalidUtf8IsRefused() throws IOException {
        byte[] header = ("{" + GOOD + "}").getBytes(StandardCharsets.UTF_8);
        header[2] = (byte) 0xff;
        Path file = Bytes.write(folder.resolve("x.safetensors"), header, new byte[8]);
        assertThrows(MalformedFileException.class, () -> SafetensorsFile.open(file));
    }

    @Test
    void messagesAreFitForATerminal() {
        String quoted = MalformedFileException.quote("\u001b[2Jred\n\u202e" + "x".repeat(500));
        assertTrue(
                quoted.startsWith("\"\\u001b[2Jred\\u000a\\u202exxx")
                        && quoted.endsWith("x…\"")
                        && quoted.length() < 130,
                quoted);
    }
}
