package io.github.influence4j.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;

/**
 * A file that appears under its name complete or not at all, whatever happens to the process or the machine.
 *
 * <p>It is written under a hidden temporary name in the same folder; {@link #commit()} has it written to the medium, renames
 * it over an older one, and has the folder written. {@link #close()} without a commit removes it and leaves the older one. For
 * one thread.
 */
public final class AtomicFile implements AutoCloseable {

    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private boolean committed;

    private AtomicFile(Path target, Path temporary, FileChannel channel) {
        this.target = target;
        this.temporary = temporary;
        this.channel = channel;
    }

    /**
     * Begins a file.
     *
     * @param target where it will be; its folder must exist
     * @return an empty file, which the caller closes
     * @throws IOException if the folder cannot be written
     */
    public static AtomicFile create(Path target) throws IOException {
        Path absolute = target.toAbsolutePath();
        Path temporary = absolute.resolveSibling("." + absolute.getFileName() + "." + UUID.randomUUID() + ".tmp");
        FileChannel channel =
                FileChannel.open(temporary, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
        return new AtomicFile(absolute, temporary, channel);
    }

    /**
     * Writes a small file at once.
     *
     * @param target where it will be; its folder must exist
     * @param content all of it
     * @throws IOException if it cannot be written; an older file is then still there
     */
    public static void write(Path target, byte[] content) throws IOException {
        try (AtomicFile file = create(target)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                file.channel().write(bytes);
            }
            file.commit();
        }
    }

    /**
     * Returns what the content is written to.
     *
     * @return the temporary file's channel, closed with this
     */
    public FileChannel channel() {
        return channel;
    }

    /**
     * Makes the file appear under its name.
     *
     * @throws IOException if the medium does not take it; an older file is then still there
     */
    public void commit() throws IOException {
        channel.force(true);
        channel.close();
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the file system of " + target + " cannot rename atomically", e);
        }
        committed = true;
        syncFolder(target);
    }

    /** Writes the name, too, to the medium, where the platform lets one open folders. */
    private static void syncFolder(Path file) throws IOException {
        Path folder = file.getParent();
        if (folder == null || System.getProperty("os.name").startsWith("Windows")) {
            return;
        }
        try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
            entries.force(true);
        }
    }

    /** Removes the temporary file if there was no commit. */
    @Override
    public void close() throws IOException {
        channel.close();
        if (!committed) {
            Files.deleteIfExists(temporary);
        }
    }
}
