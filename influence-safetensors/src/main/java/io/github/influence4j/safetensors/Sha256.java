package io.github.influence4j.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Checksums of files that are read at positions. */
final class Sha256 {

    private static final int CHUNK = 1 << 18;

    private Sha256() {}

    /** Fills a buffer from a position on. */
    interface Reader {
        void readFully(ByteBuffer target, long position) throws IOException;
    }

    static String of(long size, Reader reader) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(CHUNK, size));
        long position = 0;
        while (position < size) {
            buffer.clear().limit((int) Math.min(CHUNK, size - position));
            reader.readFully(buffer, position);
            position += buffer.limit();
            digest.update(buffer.flip());
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
