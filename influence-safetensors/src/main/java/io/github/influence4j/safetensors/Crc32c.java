package io.github.influence4j.safetensors;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** Checks of files against damage, at a tenth of what SHA-256 costs; they say nothing of who wrote a file. */
final class Crc32c {

    private Crc32c() {}

    /** Eight hexadecimal digits. */
    static String of(long size, WholeFile.Reader reader) throws IOException {
        CRC32C sum = new CRC32C();
        // outside the heap, as the channel would go through such a buffer anyway
        WholeFile.read(size, reader, ByteBuffer.allocateDirect(WholeFile.chunk(size)), sum::update);
        return HexFormat.of().toHexDigits((int) sum.getValue());
    }
}
