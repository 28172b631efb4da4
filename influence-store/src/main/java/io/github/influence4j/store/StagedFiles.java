package io.github.influence4j.store;

import io.github.influence4j.safetensors.AtomicFile;
import io.github.influence4j.safetensors.PendingFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Files of a folder that are written under temporary names and get their own when all of them are on the medium, in the order
 * in which they were begun: whoever begins the manifest last can tell a complete set by it. For one thread.
 */
public final class StagedFiles implements AutoCloseable {

    private final ShardFolder folder;
    private final List<PendingFile> files = new ArrayList<>();

    /**
     * Prepares files of a folder.
     *
     * @param folder the folder, which must exist
     */
    public StagedFiles(Path folder) {
        this.folder = new ShardFolder(folder);
    }

    /**
     * Begins a safetensors file.
     *
     * @param name its file name
     * @param specs its tensors
     * @param metadata its metadata
     * @return takes the numbers
     * @throws IOException if it cannot be written
     */
    public SafetensorsWriter tensors(String name, List<TensorSpec> specs, Map<String, String> metadata)
            throws IOException {
        SafetensorsWriter file = SafetensorsWriter.create(folder.resolve(name), specs, metadata);
        files.add(file);
        return file;
    }

    /**
     * Begins a file of any kind.
     *
     * @param name its file name
     * @return takes the content
     * @throws IOException if it cannot be written
     */
    public AtomicFile file(String name) throws IOException {
        AtomicFile file = AtomicFile.create(folder.resolve(name));
        files.add(file);
        return file;
    }

    /**
     * Writes a small file.
     *
     * @param name its file name
     * @param content all of it
     * @throws IOException if it cannot be written
     */
    public void bytes(String name, byte[] content) throws IOException {
        AtomicFile file = file(name);
        ByteBuffer bytes = ByteBuffer.wrap(content);
        while (bytes.hasRemaining()) {
            file.channel().write(bytes);
        }
    }

    /**
     * Reads back what was written so far.
     *
     * @return a checksum of each file, by its name
     * @throws IOException if a file cannot be read
     */
    public Map<String, Checksum> checksums() throws IOException {
        Map<String, Checksum> checksums = new LinkedHashMap<>();
        for (PendingFile file : files) {
            checksums.put(String.valueOf(file.target().getFileName()), new Checksum(file.size(), file.sha256()));
        }
        return checksums;
    }

    /**
     * Gives the files their names.
     *
     * @throws IOException if the medium does not take them; older ones are then still there
     */
    public void commit() throws IOException {
        commit(Set.of());
    }

    /**
     * Gives the files their names, and removes those of an older set that this one does not have, before the last file gets its name:
     * as long as that is the older set's manifest, what is left to remove can be found by it.
     *
     * @param older names of the files of the older set
     * @throws IOException if the medium does not take them; older ones are then still there
     */
    public void commit(Set<String> older) throws IOException {
        for (PendingFile file : files) {
            file.sync();
        }
        Set<String> stale = new TreeSet<>(older);
        files.forEach(file -> stale.remove(String.valueOf(file.target().getFileName())));
        for (int k = 0; k < files.size(); k++) {
            if (k == files.size() - 1) {
                for (String name : stale) {
                    Files.deleteIfExists(folder.resolve(name));
                }
            }
            files.get(k).commit();
        }
    }

    /** Removes what was not committed. */
    @Override
    public void close() throws IOException {
        for (PendingFile file : files) {
            file.close();
        }
    }
}
