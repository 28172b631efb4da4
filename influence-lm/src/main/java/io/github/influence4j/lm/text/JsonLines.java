package io.github.influence4j.lm.text;

import io.github.influence4j.safetensors.FileReader;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/**
 * A file of one JSON object a line, of which any line can be read.
 *
 * <p>Opening goes through the file once and keeps where each line begins, 20 bytes a line; blank lines are passed over. Safe for
 * use by several threads. Whoever opens it closes it.
 */
public final class JsonLines implements AutoCloseable {

    /** Most bytes of a line, which is held whole while it is read. */
    public static final int MAX_LINE = 16 << 20;

    private static final byte[] MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

    /** Bytes read at a time when lines are looked for. */
    private static final int CHUNK = 1 << 16;

    private final Path file;
    private final FileReader reader;
    private long[] offsets = new long[64];
    private int[] lengths = new int[64];
    private long[] numbers = new long[64];
    private int count;

    private JsonLines(FileReader reader) {
        this.file = reader.path();
        this.reader = reader;
    }

    /**
     * Opens a file.
     *
     * @param file the file, in UTF-8
     * @return the file, which the caller closes
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it has no line, or one that is longer than {@value #MAX_LINE} bytes
     */
    public static JsonLines open(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new MalformedFileException(file, "is a folder; expected a file with a JSON object in each line");
        }
        JsonLines lines = new JsonLines(FileReader.open(file));
        try {
            lines.scan();
            if (lines.count == 0) {
                throw new MalformedFileException(file, "is empty; expected a JSON object in each line");
            }
            return lines;
        } catch (IOException | RuntimeException | Error e) {
            lines.close();
            throw e;
        }
    }

    private void scan() throws IOException {
        long start = afterMark();
        long number = 1;
        boolean blank = true;
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
        for (long at = start; at < reader.size(); at += chunk.limit()) {
            reader.readFully(chunk.clear().limit((int) Math.min(CHUNK, reader.size() - at)), at);
            for (int k = 0; k < chunk.limit(); k++) {
                byte b = chunk.get(k);
                if (b == '\n') {
                    add(start, at + k, number++, blank);
                    start = at + k + 1;
                    blank = true;
                } else {
                    blank &= b == ' ' || b == '\t' || b == '\r';
                    if (at + k - start >= MAX_LINE) {
                        throw new MalformedFileException(
                                file,
                                "line " + number + " has more than " + MAX_LINE
                                        + " bytes; divide its text among lines");
                    }
                }
            }
        }
        add(start, reader.size(), number, blank);
    }

    /** Where the text begins: after the mark of the byte order, with which some editors begin a file in UTF-8. */
    private int afterMark() throws IOException {
        ByteBuffer first = ByteBuffer.allocate((int) Math.min(MARK.length, reader.size()));
        reader.readFully(first, 0);
        return Arrays.equals(MARK, first.array()) ? MARK.length : 0;
    }

    private void add(long start, long end, long number, boolean blank) {
        if (blank) {
            return;
        }
        if (count == offsets.length) {
            int more = Math.addExact(count, Math.max(64, count / 2));
            offsets = Arrays.copyOf(offsets, more);
            lengths = Arrays.copyOf(lengths, more);
            numbers = Arrays.copyOf(numbers, more);
        }
        offsets[count] = start;
        lengths[count] = (int) (end - start);
        numbers[count++] = number;
    }

    /**
     * Returns where the file is.
     *
     * @return the path it was opened with
     */
    public Path path() {
        return file;
    }

    /**
     * Returns the number of lines, without blank ones.
     *
     * @return at least 1
     */
    public int size() {
        return count;
    }

    /**
     * Returns which line of the file one is, as editors count them.
     *
     * @param index from 0, blank lines left out
     * @return from 1, blank lines counted
     * @throws IndexOutOfBoundsException if there is no such line
     */
    public long number(int index) {
        return numbers[Objects.checkIndex(index, count)];
    }

    /**
     * Reads a line.
     *
     * @param index from 0, blank lines left out
     * @return the object
     * @throws MalformedFileException if the line is not UTF-8 or not an object in JSON, or the file has changed
     * @throws UncheckedIOException if it cannot be read
     * @throws IndexOutOfBoundsException if there is no such line
     */
    public StrictJson read(int index) {
        String where = "line " + number(index);
        ByteBuffer bytes = ByteBuffer.allocate(lengths[index]);
        try {
            reader.readFully(bytes, offsets[index]);
            return StrictJson.parse(
                    file,
                    where,
                    StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString());
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(file, where + " is not UTF-8; save the file as UTF-8", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
