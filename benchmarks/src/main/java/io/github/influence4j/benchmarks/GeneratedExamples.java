package io.github.influence4j.benchmarks;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Seeds;
import io.github.influence4j.benchmarks.Examples.Example;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * A classification set of any size that is made batch by batch and never held: numbers and labels of an example depend on the
 * seed and its id only.
 *
 * @param size number of examples
 * @param width inputs of an example
 * @param classes number of classes
 * @param seed of the numbers
 */
record GeneratedExamples(long size, int width, int classes, long seed) implements ExampleSource<Example> {

    @Override
    public Iterable<ExampleBatch<Example>> batches(int batchSize) {
        long batches = (size + batchSize - 1) / batchSize;
        return () -> LongStream.range(0, batches)
                .mapToObj(b -> batch(b * batchSize, (int) Math.min(batchSize, size - b * batchSize)))
                .iterator();
    }

    private ExampleBatch<Example> batch(long first, int count) {
        float[] inputs = new float[count * width];
        float[] labels = new float[count];
        float[] sampled = new float[count];
        List<Example> examples = new ArrayList<>();
        Examples set = new Examples(count, 1, width, 1, inputs, labels, sampled);
        for (int e = 0; e < count; e++) {
            SplittableRandom random = new SplittableRandom(Seeds.derived(seed, first + e));
            for (int k = 0; k < width; k++) {
                inputs[e * width + k] = (random.nextInt() >> 8) * 0x1p-23f;
            }
            labels[e] = random.nextInt(classes);
            sampled[e] = random.nextInt(classes);
            examples.add(new Example(set, e));
        }
        return new ExampleBatch<>(
                examples, LongStream.range(first, first + count).toArray());
    }
}
