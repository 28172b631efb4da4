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

    private static final int CHUNK = 1 << 18;

    private Sha256() {}

    /** Fills a buffer from a position on. */
    interface Reader {
        void readFully(ByteBuffer target, long position) throws IOException;
    }

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

    static String of(long size, Reader reader) throws IOException {
        MessageDigest digest = Fingerprint.sha256();
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(CHUNK, size));
        long position = 0;
        while (position < size) {
            buffer.clear().limit((int) Math.min(CHUNK, size - position));
            reader.readFully(buffer, position);
            position += buffer.limit();
            digest.update(buffer.flip());
        }
        return Fingerprint.hex(digest);
    }
}
