package io.github.influence4j.safetensors;

import io.github.influence4j.api.Fingerprint;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/** Checksums of files. */
public final class Sha256 {

    private Sha256() {}

    /**
     * Reads a whole file.
     *
     * @param file the file
     * @return its SHA-256 in hexadecimal digits
     * @throws IOException if it cannot be read, or shrinks meanwhile
     */
    public static String of(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return of(channel.size(), (target, position) -> {
                long at = position;
                while (target.hasRemaining()) {
                    int count = channel.read(target, at);
                    if (count < 0) {
                        throw new EOFException(file + " was cut off while it was read");
                    }
                    at += count;
                }
            });
        }
    }

    static String of(long size, WholeFile.Reader reader) throws IOException {
        MessageDigest digest = Fingerprint.sha256();
        WholeFile.read(size, reader, ByteBuffer.allocate(WholeFile.chunk(size)), digest::update);
        return Fingerprint.hex(digest);
    }
}
