package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Seeds;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Large arrays of random numbers, drawn by all cores; the same for the same seed. */
final class RandomNumbers {

    private static final int CHUNK = 1 << 16;

    private RandomNumbers() {}

    /** Draws from N(0, 1). */
    static float[] normal(int count, long seed) {
        return draw(count, seed, SplittableRandom::nextGaussian);
    }

    /** Draws uniformly from −½ to ½. */
    static float[] uniform(int count, long seed) {
        return draw(count, seed, random -> random.nextDouble() - 0.5);
    }

    private static float[] draw(int count, long seed, ToDoubleFunction<SplittableRandom> number) {
        float[] numbers = new float[count];
        int chunks = (int) (((long) count + CHUNK - 1) / CHUNK);
        IntStream.range(0, chunks).parallel().forEach(chunk -> {
            SplittableRandom random = new SplittableRandom(Seeds.derived(seed, chunk));
            int start = chunk * CHUNK;
            int end = (int) Math.min(count, (long) start + CHUNK);
            for (int k = start; k < end; k++) {
                numbers[k] = (float) number.applyAsDouble(random);
            }
        });
        return numbers;
    }
}
