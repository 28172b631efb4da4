package io.github.influence4j.api;

/**
 * Seeds that are derived from a seed: what a series of draws, repeats or models gives to each of its members.
 *
 * <p>Adding a small number does not do: the members of the series with the seeds 1 and 2 would be the same but for one.
 * Here a member is a hash of the seed and its number, so that two series share a member only by an accident of 64 bits.
 */
public final class Seeds {

    private Seeds() {}

    /**
     * Derives a seed: the sequence of SplitMix64 (Steele, Lea, Flood 2014) that starts at a hash of the seed. Members of one
     * series are distinct. The number 0 gives the seed itself, so that a series of one is what the seed alone gives.
     *
     * @param seed names the series
     * @param number which member, usually 0, 1, 2, …
     * @return the member's seed
     */
    public static long derived(long seed, long number) {
        return number == 0 ? seed : CounterRandom.key(seed, number);
    }
}
