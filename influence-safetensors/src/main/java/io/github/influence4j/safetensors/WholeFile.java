package io.github.influence4j.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Reads all bytes of a file, a chunk at a time. */
final class WholeFile {

    private static final int CHUNK = 1 << 18;

    private WholeFile() {}

    /** Fills a buffer from a position on. */
    interface Reader {
        void readFully(ByteBuffer target, long position) throws IOException;
    }

    /** Size of the buffer that a file of this size is read through. */
    static int chunk(long size) {
        return (int) Math.min(CHUNK, size);
    }

    static void read(long size, Reader reader, ByteBuffer buffer, Consumer<ByteBuffer> chunks) throws IOException {
        long position = 0;
        while (position < size) {
            buffer.clear().limit(chunk(size - position));
            reader.readFully(buffer, position);
            position += buffer.limit();
            chunks.accept(buffer.flip());
        }
    }
}
