package io.github.influence4j.index;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.RandomSequences;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.store.PartedData;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Random sequences in parts: those with ids from {@code first} to {@code end}, {@code each} to a part. */
record Sequences(int first, int end, int each) implements PartedData<Sequence> {

    /** Layers of some hundred parameters, so that there are bits to divide. */
    static RandomSequences model() {
        return new RandomSequences(
                List.of(
                        LayerSpec.tokens("first", 20, 24),
                        LayerSpec.tokens("second", 24, 30).withoutBias(),
                        LayerSpec.dense("pooled", 12, 16)),
                1);
    }

    @Override
    public List<Sequences> shards() {
        return IntStream.iterate(first, at -> at < end, at -> at + each)
                .mapToObj(at -> new Sequences(at, Math.min(end, at + each), each))
                .toList();
    }

    @Override
    public long[] ids() {
        return LongStream.range(first, end).toArray();
    }

    @Override
    public List<Path> files() {
        return List.of();
    }

    @Override
    public long size() {
        return end - first;
    }

    @Override
    public Iterable<ExampleBatch<Sequence>> batches(int batchSize) {
        List<Sequence> examples = LongStream.range(first, end)
                .mapToObj(id -> new Sequence(id, 1 + (int) (5 * id % 6)))
                .toList();
        return ExampleSource.of(examples, ids()).batches(batchSize);
    }
}
