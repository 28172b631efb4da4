package io.github.influence4j.safetensors;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that is being written and does not stand under its name yet.
 *
 * <p>Several of them appear together as nearly as a file system can do it if all are synced before the first is committed: a
 * full disk is then noticed while the old ones are still there.
 */
public sealed interface PendingFile extends AutoCloseable permits AtomicFile, SafetensorsWriter {

    /**
     * Returns where the file will be.
     *
     * @return its path
     */
    Path target();

    /**
     * Returns how much has been written.
     *
     * @return bytes up to the last one
     * @throws IOException if that cannot be found out
     */
    long size() throws IOException;

    /**
     * Has what was written go to the medium.
     *
     * @throws IOException if it does not take it
     */
    void sync() throws IOException;

    /**
     * Reads back what was written.
     *
     * @return its SHA-256 in hexadecimal digits
     * @throws IOException if it cannot be read
     */
    String sha256() throws IOException;

    /**
     * Reads back what was written.
     *
     * @return its CRC-32C in hexadecimal digits
     * @throws IOException if it cannot be read
     */
    String crc32c() throws IOException;

    /**
     * Makes the file appear under its name, complete and on the medium.
     *
     * @throws IOException if the medium does not take it; an older file is then still there
     */
    void commit() throws IOException;

    /** Removes what was written if there was no commit. */
    @Override
    void close() throws IOException;
}
