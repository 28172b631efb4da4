package io.github.influence4j.cli;

import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Pictures of examples, a file for each id in a folder, for a page that needs nothing else.
 *
 * <p>What a file is is seen from its first bytes, not from its name. SVG is a program and is not shown.
 */
final class Pictures {

    /** Most bytes of a picture. */
    static final int MOST = 1 << 20;

    /** Most bytes of all pictures of a page. */
    static final long MOST_TOGETHER = 48L << 20;

    /** Pictures with fewer columns are shown in sharp squares. */
    private static final int SMALL = 64;

    private static final List<String> SUFFIXES = List.of(".png", ".jpg", ".jpeg", ".gif", ".webp");

    private final Path folder;
    private final AtomicLong together;
    private final String prefix;
    private final Map<Long, Picture> read = new HashMap<>();
    private final List<Embedded> embedded = new ArrayList<>();

    /**
     * A picture.
     *
     * @param name of it on the page
     * @param file where it was
     * @param type in the words of the web
     * @param small whether it has few columns
     */
    record Picture(String name, String file, String type, boolean small) {}

    /**
     * A picture as a page holds it.
     *
     * @param name of it on the page
     * @param type in the words of the web
     * @param bytes all of it, in base 64
     */
    record Embedded(String name, String type, String bytes) {}

    private Pictures(Path folder, String prefix, AtomicLong together) {
        this.folder = folder;
        this.prefix = prefix;
        this.together = together;
    }

    /** The pictures of a folder; those of one page share the bytes of all. */
    static Pictures of(Path folder, String prefix, AtomicLong together) {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(
                    folder + " is not a folder; expected one with a picture for each example," + " such as 17.png");
        }
        return new Pictures(folder, prefix, together);
    }

    /** The picture of an example, which is read once. */
    Picture of(long id) {
        return read.computeIfAbsent(id, this::read);
    }

    /** Those that were asked for. */
    List<Embedded> all() {
        return List.copyOf(embedded);
    }

    private Picture read(long id) {
        Path file = SUFFIXES.stream()
                .map(suffix -> folder.resolve(id + suffix))
                .filter(Files::isRegularFile)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(folder + " has no picture of example " + id
                        + ", which was scored; expected " + id + ".png, .jpg," + " .gif or .webp"));
        try {
            long size = Files.size(file);
            if (size > MOST || together.addAndGet(size) > MOST_TOGETHER) {
                throw new MalformedFileException(
                        file,
                        size > MOST
                                ? "has " + size + " bytes, a picture on a page at most " + MOST + "; make it smaller"
                                : "is one picture too much: together they have more than " + MOST_TOGETHER
                                        + " bytes; make them smaller, or show fewer with --examples");
            }
            byte[] bytes = Files.readAllBytes(file);
            String type = type(bytes)
                    .orElseThrow(() -> new MalformedFileException(
                            file, "is no picture in PNG, JPEG, GIF or WebP, whatever its name says"));
            String name = prefix + embedded.size();
            embedded.add(new Embedded(name, type, Base64.getEncoder().encodeToString(bytes)));
            return new Picture(name, String.valueOf(file.getFileName()), type, columns(type, bytes) <= SMALL);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Optional<String> type(byte[] bytes) {
        if (begins(bytes, 0, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n') && bytes.length > 24) {
            return Optional.of("image/png");
        }
        if (begins(bytes, 0, 0xff, 0xd8, 0xff)) {
            return Optional.of("image/jpeg");
        }
        if (begins(bytes, 0, 'G', 'I', 'F', '8') && bytes.length > 10) {
            return Optional.of("image/gif");
        }
        return begins(bytes, 0, 'R', 'I', 'F', 'F') && begins(bytes, 8, 'W', 'E', 'B', 'P')
                ? Optional.of("image/webp")
                : Optional.empty();
    }

    private static boolean begins(byte[] bytes, int at, int... expected) {
        byte[] signature = new byte[expected.length];
        for (int k = 0; k < expected.length; k++) {
            signature[k] = (byte) expected[k];
        }
        return bytes.length >= at + signature.length
                && Arrays.equals(bytes, at, at + signature.length, signature, 0, signature.length);
    }

    /** Where a header of fixed form says so. */
    private static int columns(String type, byte[] bytes) {
        return switch (type) {
            case "image/png" ->
                (bytes[16] & 0xff) << 24 | (bytes[17] & 0xff) << 16 | (bytes[18] & 0xff) << 8 | bytes[19] & 0xff;
            case "image/gif" -> (bytes[7] & 0xff) << 8 | bytes[6] & 0xff;
            default -> Integer.MAX_VALUE;
        };
    }
}
