package io.github.influence4j.store;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Spoils valid files in ways that keep most of their structure, so that what is wrong is found deep inside a reader. */
public final class Mutator {

    private static final Pattern TOKEN =
            Pattern.compile("-?[0-9][0-9.eE+-]*|\\\\?\"[^\"\\\\]*\\\\?\"|true|false|[\\[\\]{},:]");

    private static final String[] VALUES = {
        "0",
        "1",
        "2",
        "3",
        "7",
        "8",
        "-1",
        "-9223372036854775808",
        "9223372036854775807",
        "9223372036854775808",
        "2147483647",
        "2147483648",
        "4294967296",
        "4611686018427387904",
        "1e9",
        "1.5",
        "99999999999999999999999999",
        "null",
        "true",
        "{}",
        "[]",
        "[0,8]",
        "\"\"",
        "\"F32\"",
        "\"F64\"",
        "\"U8\"",
        "\"BF16\"",
        "\"I64\"",
        "\"X9\"",
        "\"../x\"",
        "\"ids\"",
        "\"mask\"",
        "\"training\"",
        "\"sampled\"",
        "\"none\"",
        "\"tokens\"",
        "\"uses\"",
        "\"positions\"",
        "\"__metadata__\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        ",",
        ":",
        "[[[[[[[[",
        "}",
        "\"identity\"",
        "\"kfac\"",
        "\"diagonal\"",
        "\"ekfac\""
    };

    private final SplittableRandom random;

    public Mutator(SplittableRandom random) {
        this.random = random;
    }

    /** Spoils header, data or their lengths. */
    public byte[] safetensors(byte[] valid) {
        int length = (int) ByteBuffer.wrap(valid).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        byte[] header = Arrays.copyOfRange(valid, 8, 8 + length);
        byte[] data = Arrays.copyOfRange(valid, 8 + length, valid.length);
        int rounds = 1 + random.nextInt(3);
        long announced = -1;
        for (int k = 0; k < rounds; k++) {
            switch (random.nextInt(12)) {
                case 0 -> data = bytes(data);
                case 1 -> data = Arrays.copyOf(data, random.nextInt(data.length + 20));
                case 2 -> announced = random.nextBoolean() ? random.nextLong() : random.nextInt(2 * length + 1);
                case 3 -> header = bytes(header);
                default -> header = json(header);
            }
        }
        byte[] file = ByteBuffer.allocate(8 + header.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(announced == -1 ? header.length : announced)
                .put(header)
                .put(data)
                .array();
        return random.nextInt(20) == 0 ? Arrays.copyOf(file, random.nextInt(file.length + 1)) : file;
    }

    /** Replaces, removes, repeats or swaps tokens. */
    public byte[] json(byte[] valid) {
        String text = new String(valid, StandardCharsets.ISO_8859_1);
        List<MatchResult> tokens = new ArrayList<>(TOKEN.matcher(text).results().toList());
        if (tokens.isEmpty()) {
            return bytes(valid);
        }
        MatchResult one = tokens.get(random.nextInt(tokens.size()));
        MatchResult other = tokens.get(random.nextInt(tokens.size()));
        String spoilt =
                switch (random.nextInt(7)) {
                    case 0 -> text.substring(0, one.start()) + text.substring(one.end());
                    case 1 -> text.substring(0, one.start()) + other.group() + text.substring(one.end());
                    case 2 -> repeat(text, one, other);
                    case 3 -> swap(text, one, other);
                    case 4 -> nudge(text, tokens);
                    default ->
                        text.substring(0, one.start())
                                + VALUES[random.nextInt(VALUES.length)]
                                + text.substring(one.end());
                };
        return spoilt.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String repeat(String text, MatchResult one, MatchResult other) {
        int start = Math.min(one.start(), other.start());
        int end = Math.max(one.end(), other.end());
        String part = text.substring(start, end);
        return text.substring(0, end) + "," + part + text.substring(end);
    }

    private static String swap(String text, MatchResult one, MatchResult other) {
        MatchResult first = one.start() < other.start() ? one : other;
        MatchResult second = first == one ? other : one;
        if (first.start() == second.start()) {
            return text;
        }
        return text.substring(0, first.start())
                + second.group()
                + text.substring(first.end(), second.start())
                + first.group()
                + text.substring(second.end());
    }

    /** Adds a little to a number. */
    private String nudge(String text, List<MatchResult> tokens) {
        List<MatchResult> numbers = tokens.stream()
                .filter(token -> token.group().matches("[0-9]{1,9}"))
                .toList();
        if (numbers.isEmpty()) {
            return text;
        }
        MatchResult number = numbers.get(random.nextInt(numbers.size()));
        long value = Long.parseLong(number.group()) + random.nextInt(-9, 10);
        return text.substring(0, number.start()) + value + text.substring(number.end());
    }

    /** Flips, inserts or removes bytes. */
    public byte[] bytes(byte[] valid) {
        ByteArrayOutputStream spoilt = new ByteArrayOutputStream();
        int at = random.nextInt(valid.length + 1);
        spoilt.write(valid, 0, at);
        int rest = at;
        switch (random.nextInt(3)) {
            case 0 -> {
                spoilt.write(random.nextInt(256));
                rest = Math.min(valid.length, at + 1);
            }
            case 1 -> {
                byte[] inserted = new byte[random.nextInt(16)];
                random.nextBytes(inserted);
                spoilt.writeBytes(inserted);
            }
            default -> rest = Math.min(valid.length, at + random.nextInt(16));
        }
        spoilt.write(valid, rest, valid.length - rest);
        return spoilt.toByteArray();
    }
}
