package io.github.influence4j.index.internal.sketch;

/**
 * The size of a row of an index: an id (8 bytes), scales (2 bytes each) and words of signs (8 bytes each).
 *
 * @param scales number of scales
 * @param words number of words
 */
public record RowShape(int scales, int words) {

    /** Bytes of the id of a sequence. */
    private static final int ID = Long.BYTES;

    private static final int SCALE = Short.BYTES;

    /**
     * Returns the size.
     *
     * @return bytes of a sequence
     */
    public long bytes() {
        return bytesWithoutWords(scales) + (long) Long.BYTES * words;
    }

    /**
     * Returns what id and scales take.
     *
     * @param scales number of scales
     * @return bytes of a sequence
     */
    public static long bytesWithoutWords(long scales) {
        return ID + SCALE * scales;
    }
}
