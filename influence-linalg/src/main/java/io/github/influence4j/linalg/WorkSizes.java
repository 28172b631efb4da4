package io.github.influence4j.linalg;

/**
 * How much a backend is best given at a time, in numbers: on a processor what stays in its caches, on a card what is large against
 * the time it takes to start a kernel.
 *
 * @param transferred numbers of one upload
 * @param tile numbers of a temporary that is used again at once
 * @param temporary numbers of a temporary whose reading and writing is small against the work on it
 */
public record WorkSizes(int transferred, long tile, long temporary) {

    /** Of a processor: 128 KiB of an upload in the second level of cache, 16 MiB of a tile in the last one. */
    public static final WorkSizes PROCESSOR = new WorkSizes(1 << 15, 1L << 22, 1L << 24);
}
