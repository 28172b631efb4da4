package io.github.influence4j.api;

/**
 * Random numbers that are a function of a key: chained rounds of the 64-bit finaliser of SplitMix64 (Stafford's
 * variant 13; Steele, Lea, Flood 2014).
 */
final class CounterRandom {

    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private CounterRandom() {}

    /** Of the keys of {@link Seeds}, so that a derived seed is on no path to a number below. */
    private static final long SERIES = 0xD1B54A32D192ED03L;

    /** Uniform on the open interval (0, 1). */
    static double uniform(long seed, long exampleId, int position, int number) {
        long h = mix(seed + GOLDEN_GAMMA);
        h = mix(h ^ mix(exampleId + GOLDEN_GAMMA));
        h = mix(h ^ mix(((long) position << 32 | (number & 0xFFFFFFFFL)) + GOLDEN_GAMMA));
        return ((h >>> 12) + 0.5) * 0x1p-52;
    }

    static long key(long seed, long number) {
        return mix(mix(seed + SERIES) + number * GOLDEN_GAMMA);
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
