package io.github.influence4j.linalg;

/**
 * How much a backend is best given at a time, in numbers: on a processor what stays in its caches, on a card what is large against
 * the time it takes to start a kernel; and how many cores have a cache of their own.
 *
 * @param transferred numbers of one upload
 * @param tile numbers of a temporary that is used again at once
 * @param temporary numbers of a temporary whose reading and writing is small against the work on it
 * @param cores tasks that run at a time, each on a core that finds again in its own cache what it just wrote; 1 where work is best
 *     given whole, as on a card
 */
public record WorkSizes(int transferred, long tile, long temporary, int cores) {

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if one of them is not positive
     */
    public WorkSizes {
        if (transferred < 1 || tile < 1 || temporary < 1 || cores < 1) {
            throw new IllegalArgumentException("sizes of work must be positive, found " + transferred + " transferred, "
                    + tile + " of a tile, " + temporary + " of a temporary, " + cores + " cores");
        }
    }

    /**
     * Of one core of a processor: 128 KiB of an upload in the second level of cache, 16 MiB of a tile in the last one, 64 MiB of a
     * temporary and a sixteenth more, so that a bias does not make one part more of what is a power of two without.
     */
    public static final WorkSizes PROCESSOR = new WorkSizes(1 << 15, 1L << 22, 17L << 20);

    /**
     * Sizes for work that is best given whole.
     *
     * @param transferred numbers of one upload
     * @param tile numbers of a temporary that is used again at once
     * @param temporary numbers of a temporary whose reading and writing is small against the work on it
     */
    public WorkSizes(int transferred, long tile, long temporary) {
        this(transferred, tile, temporary, 1);
    }

    /**
     * Returns the same sizes for another number of cores.
     *
     * @param count how many
     * @return other sizes
     */
    public WorkSizes withCores(int count) {
        return new WorkSizes(transferred, tile, temporary, count);
    }

    /**
     * Divides work into as few parts as possible, all of nearly one size: a small rest would go through everything once more.
     *
     * @param all how much there is, at least 1
     * @param most how much fits at a time
     * @return size of a part, at least 1, at most {@code most} where that is 1 or more; the last part may be smaller
     */
    public static int evenly(int all, long most) {
        long fit = Math.max(1, Math.min(all, most));
        long parts = (all + fit - 1) / fit;
        return (int) ((all + parts - 1) / parts);
    }
}
