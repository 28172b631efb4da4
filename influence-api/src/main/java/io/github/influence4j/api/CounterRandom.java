package io.github.influence4j.api;

/**
 * Random numbers that are a function of a key: chained rounds of the 64-bit finaliser of SplitMix64 (Stafford's
 * variant 13; Steele, Lea, Flood 2014).
 */
final class CounterRandom {

    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private CounterRandom() {}

    /** Uniform on the open interval (0, 1). */
    static double uniform(long seed, long exampleId, int position, int draw) {
        long h = mix(seed + GOLDEN_GAMMA);
        h = mix(h ^ mix(exampleId + GOLDEN_GAMMA));
        h = mix(h ^ mix(((long) position << 32 | (draw & 0xFFFFFFFFL)) + GOLDEN_GAMMA));
        return ((h >>> 12) + 0.5) * 0x1p-52;
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
