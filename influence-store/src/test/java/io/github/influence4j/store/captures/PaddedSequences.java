package io.github.influence4j.store.captures;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PositionMask;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * A host of sequences of 1 to 5 tokens, padded with NaN to the longest of their batch: one layer that runs twice at each token,
 * one that runs once a sequence.
 */
final class PaddedSequences implements GradientProvider<Long> {

    private static final LayerSpec SHARED = LayerSpec.tokens("block/shared", 3, 2);
    private static final LayerSpec HEAD = LayerSpec.dense("head", 2, 4).withoutBias();

    static ExampleSource<Long> examples(int count, long first) {
        List<Long> keys = LongStream.range(first, first + count).boxed().toList();
        return ExampleSource.of(
                keys, keys.stream().mapToLong(key -> 100 + 7 * key).toArray());
    }

    @Override
    public List<LayerSpec> layers() {
        return List.of(SHARED, HEAD);
    }

    @Override
    public Optional<String> fingerprint() {
        return Optional.of("weights-1");
    }

    private static int length(long key) {
        return (int) (1 + key % 5);
    }

    @Override
    public void capture(ExampleBatch<Long> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        int longest = batch.examples().stream()
                .mapToInt(PaddedSequences::length)
                .max()
                .orElseThrow();
        for (LayerSpec layer : wanted) {
            int uses = layer.positions() == Positions.TOKENS ? 2 : 1;
            int tokens = layer.positions() == Positions.TOKENS ? longest : 1;
            int t = tokens * uses;
            double[][] a = new double[batch.size() * t][];
            double[][] g = new double[batch.size() * t][];
            boolean[] real = new boolean[a.length];
            for (int r = 0; r < a.length; r++) {
                long key = batch.examples().get(r / t);
                int token = r % t % tokens;
                real[r] = tokens == 1 || token < length(key);
                long seed = key * 1000 + r % t / tokens * 100 + token;
                a[r] = row(layer.inputs(), real[r], seed);
                g[r] = row(
                        layer.outputs(),
                        real[r],
                        seed * 31 + objective.getClass().getName().hashCode());
            }
            sink.accept(LayerCapture.of(layer, batch.size(), t, Matrix.of(a), Matrix.of(g))
                    .withUses(uses)
                    .withMask(PositionMask.of(real)));
        }
    }

    private static double[] row(int width, boolean real, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return random.doubles(width, -1, 1).map(x -> real ? x : Double.NaN).toArray();
    }
}
