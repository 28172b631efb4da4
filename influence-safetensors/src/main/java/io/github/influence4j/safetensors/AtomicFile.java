package io.github.influence4j.safetensors;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A file that appears under its name complete or not at all, whatever happens to the process or the machine.
 *
 * <p>It is written under a hidden temporary name in the same folder; {@link #commit()} has it written to the medium, renames
 * it over an older one, and has the folder written. {@link #close()} without a commit removes it and leaves the older one. The
 * temporary file is locked while it is written, so that {@link #removeLeftovers} can tell it from what a killed process left
 * behind. For one thread.
 */
public final class AtomicFile implements PendingFile {

    private static final Pattern LEFTOVER = Pattern.compile("\\..+\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.tmp");

    /** Temporary files of this process: opening one a second time and closing it would give up its lock. */
    private static final Set<Path> OWN = ConcurrentHashMap.newKeySet();

    private static final boolean WINDOWS = System.getProperty("os.name").startsWith("Windows");

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
        OWN.add(temporary.getFileName());
        try {
            FileChannel channel = FileChannel.open(
                    temporary,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE));
            lock(channel);
            return new AtomicFile(absolute, temporary, channel);
        } catch (IOException | RuntimeException | Error e) {
            OWN.remove(temporary.getFileName());
            throw e;
        }
    }

    /** Says whether nobody else has the file locked; where a file system has no locks, that nobody can tell. */
    private static boolean lock(FileChannel channel) {
        try {
            return channel.tryLock() != null;
        } catch (IOException | OverlappingFileLockException e) {
            return false;
        }
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
     * Removes what killed processes left behind, and leaves what is being written, by this process or another. Where a file
     * system has no locks nothing is removed.
     *
     * @param folder the folder
     * @throws IOException if a leftover cannot be removed
     */
    public static void removeLeftovers(Path folder) throws IOException {
        List<Path> leftovers;
        try (Stream<Path> files = Files.list(folder)) {
            leftovers = files.filter(file ->
                            LEFTOVER.matcher(String.valueOf(file.getFileName())).matches())
                    .toList();
        }
        for (Path leftover : leftovers) {
            if (!OWN.contains(leftover.getFileName())) {
                removeUnlocked(leftover);
            }
        }
    }

    private static void removeUnlocked(Path leftover) throws IOException {
        try (FileChannel channel = FileChannel.open(leftover, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
            if (lock(channel)) {
                Files.deleteIfExists(leftover);
            }
        } catch (NoSuchFileException e) {
            // its writer finished meanwhile
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

    @Override
    public Path target() {
        return target;
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public void sync() throws IOException {
        channel.force(true);
    }

    @Override
    public String sha256() throws IOException {
        return Sha256.of(channel.size(), this::readFully);
    }

    @Override
    public String crc32c() throws IOException {
        return Crc32c.of(channel.size(), this::readFully);
    }

    private void readFully(ByteBuffer buffer, long position) throws IOException {
        long at = position;
        while (buffer.hasRemaining()) {
            int count = channel.read(buffer, at);
            if (count < 0) {
                throw new EOFException(temporary + " was cut off while it was written");
            }
            at += count;
        }
    }

    @Override
    public void commit() throws IOException {
        channel.force(true);
        if (WINDOWS) {
            // it renames no open files
            channel.close();
        }
        try {
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the file system of " + target + " cannot rename atomically", e);
        }
        committed = true;
        close();
        syncFolder(target);
    }

    /** Writes the name, too, to the medium, where the platform lets one open folders. */
    private static void syncFolder(Path file) throws IOException {
        Path folder = file.getParent();
        if (folder == null || WINDOWS) {
            return;
        }
        try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
            entries.force(true);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (!committed) {
            Files.deleteIfExists(temporary);
        }
        OWN.remove(temporary.getFileName());
    }
}
