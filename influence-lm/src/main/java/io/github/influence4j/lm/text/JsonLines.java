package io.github.influence4j.lm.text;

import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.json.StrictJson;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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

    private final Path file;
    private final FileChannel channel;
    private long[] offsets = new long[64];
    private int[] lengths = new int[64];
    private long[] numbers = new long[64];
    private int count;

    private JsonLines(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
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
        JsonLines lines = new JsonLines(file, FileChannel.open(file, StandardOpenOption.READ));
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
        InputStream in = new BufferedInputStream(Channels.newInputStream(channel.position(0)), 1 << 16);
        long start = 0;
        long at = 0;
        long number = 1;
        boolean blank = true;
        for (int b = in.read(); b >= 0; b = in.read()) {
            at++;
            if (b == '\n') {
                add(start, at - 1, number++, blank);
                start = at;
                blank = true;
            } else {
                blank &= b == ' ' || b == '\t' || b == '\r';
                if (at - start > MAX_LINE) {
                    throw new MalformedFileException(
                            file,
                            "line " + number + " has more than " + MAX_LINE + " bytes; divide its text among lines");
                }
            }
        }
        add(start, at, number, blank);
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
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, offsets[index] + bytes.position()) < 0) {
                    throw new EOFException();
                }
            }
            return StrictJson.parse(
                    file,
                    where,
                    StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString());
        } catch (CharacterCodingException e) {
            throw new MalformedFileException(file, where + " is not UTF-8; save the file as UTF-8", e);
        } catch (EOFException e) {
            throw new MalformedFileException(file, "ends before " + where + ", which was there when it was opened", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
