package io.github.influence4j.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * Positional reads of one file by any number of threads, which notices when the file becomes another one; for readers of other
 * formats too.
 *
 * <p>An interrupted read closes a {@link FileChannel} for everybody; this one opens it again for the next.
 */
public final class FileReader implements AutoCloseable {

    private final Path file;
    private final LinkOption[] links;
    private final FileState state;
    private final OpenOption[] options;
    private FileChannel channel;
    private boolean closed;

    private FileReader(Path file, LinkOption[] links) throws IOException {
        this.file = file;
        this.links = links.clone();
        List<OpenOption> open = new ArrayList<>(Arrays.asList(links));
        open.add(StandardOpenOption.READ);
        this.options = open.toArray(OpenOption[]::new);
        this.state = FileState.of(file, links);
        this.channel = FileChannel.open(file, options);
    }

    /**
     * Opens a file.
     *
     * @param file the file
     * @param links whether a symbolic link is refused
     * @return the file, which the caller closes
     * @throws IOException if it cannot be read
     */
    public static FileReader open(Path file, LinkOption... links) throws IOException {
        return new FileReader(file, links);
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
     * Returns the size of the file when it was opened.
     *
     * @return bytes
     */
    public long size() {
        return state.size();
    }

    /**
     * Fills a buffer up to its limit.
     *
     * @param target where to
     * @param position byte of the file to begin at
     * @throws IOException if the file cannot be read
     * @throws MalformedFileException if the file ends before, although it was long enough when it was opened
     * @throws CancellationException if the thread was interrupted
     */
    public void readFully(ByteBuffer target, long position) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int count = readSome(target, at);
            if (count < 0) {
                throw new MalformedFileException(
                        file, "ends at byte " + at + ", but had " + state.size() + " bytes when it was opened");
            }
            at += count;
        }
    }

    private int readSome(ByteBuffer target, long position) throws IOException {
        while (true) {
            try {
                return open().read(target, position);
            } catch (ClosedByInterruptException e) {
                CancellationException cancelled = new CancellationException("interrupted while reading " + file);
                cancelled.initCause(e);
                throw cancelled;
            } catch (ClosedChannelException e) {
                // another thread was interrupted, or has closed this: open() tells which
                continue;
            }
        }
    }

    private synchronized FileChannel open() throws IOException {
        if (closed) {
            throw new IllegalStateException(file + " has been closed");
        }
        if (!channel.isOpen()) {
            checkUnchanged();
            channel = FileChannel.open(file, options);
        }
        return channel;
    }

    /**
     * Compares the file with what it was when it was opened.
     *
     * @throws IOException if the file cannot be looked at
     * @throws MalformedFileException if its size, time or identity differ
     */
    public void checkUnchanged() throws IOException {
        FileState now = FileState.of(file, links);
        if (!now.equals(state)) {
            throw new MalformedFileException(
                    file,
                    "has changed since it was opened: it had " + state.size() + " bytes of " + state.modified()
                            + ", and has " + now.size() + " of " + now.modified());
        }
    }

    /**
     * Gives the file handle back until the next read.
     *
     * @throws IOException if closing fails
     */
    public synchronized void release() throws IOException {
        channel.close();
    }

    @Override
    public synchronized void close() throws IOException {
        closed = true;
        channel.close();
    }
}
