package io.github.influence4j.store;

import io.github.influence4j.safetensors.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The right to write to a folder, which one holder in one process has at a time.
 *
 * <p>A lock of the operating system on the file {@code .lock}: it ends with the process, however that ends, and the file stays.
 * Advisory, and on some network file systems without effect between machines.
 */
public final class FolderLock implements AutoCloseable {

    private static final String NAME = ".lock";

    private final FileChannel channel;

    private FolderLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Takes the lock, making the folder if there is none, and removes temporary files that killed processes left in it;
     * what others are writing stays.
     *
     * @param folder the folder
     * @return the lock, which the caller closes
     * @throws IOException if the folder cannot be written
     * @throws IllegalStateException if somebody else holds it
     */
    public static FolderLock acquire(Path folder) throws IOException {
        Files.createDirectories(folder);
        FileChannel channel = FileChannel.open(
                folder.resolve(NAME), StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                AtomicFile.removeLeftovers(folder);
                return new FolderLock(channel);
            }
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new IllegalStateException("another thread of this process is writing to " + folder, e);
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
        channel.close();
        throw new IllegalStateException("another process is writing to " + folder);
    }

    /**
     * Checks that the lock has not been given back.
     *
     * @throws IllegalStateException if it has
     */
    public void requireHeld() {
        if (!channel.isOpen()) {
            throw new IllegalStateException("the folder's lock was given back already");
        }
    }

    /** Gives the lock back. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
