package io.github.influence4j.ekfac;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.PositionMask;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A host whose captures are random numbers that depend on example, objective, layer and position only. Sequences are of
 * different lengths and are padded, with NaN, to the longest of their batch, so that whatever looks at padding fails.
 */
public final class RandomSequences implements OutputHessianRoots<RandomSequences.Sequence> {

    /**
     * A sequence.
     *
     * @param key decides its numbers
     * @param length its length
     */
    public record Sequence(long key, int length) {}

    private final List<LayerSpec> layers;
    private final int uses;

    /** A host whose layers run {@code uses} times at every token. */
    public RandomSequences(List<LayerSpec> layers, int uses) {
        this.layers = layers;
        this.uses = uses;
    }

    /** Two layers at tokens and one that runs once a sequence. */
    public static RandomSequences mixed() {
        return new RandomSequences(
                List.of(
                        LayerSpec.tokens("first", 4, 3),
                        LayerSpec.tokens("second", 3, 5).withoutBias(),
                        LayerSpec.dense("pooled", 2, 4)),
                1);
    }

    /** Only layers at tokens. */
    public static RandomSequences tokens() {
        return new RandomSequences(List.of(LayerSpec.tokens("first", 4, 3), LayerSpec.tokens("second", 3, 5)), 1);
    }

    /** Sequences of 1 to 6 tokens. */
    public static ExampleSource<Sequence> sequences(int count, long firstKey) {
        return ExampleSource.of(IntStream.range(0, count)
                .mapToObj(k -> new Sequence(firstKey + k, 1 + (int) ((firstKey + 5L * k) % 6)))
                .toList());
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public int outputHessianColumns() {
        return 3;
    }

    @Override
    public void capture(ExampleBatch<Sequence> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        int longest = batch.examples().stream().mapToInt(Sequence::length).max().orElseThrow();
        for (LayerSpec layer : wanted) {
            boolean once = layer.positions() == Positions.NONE;
            int tokens = once ? 1 : longest;
            int positions = tokens * uses;
            double[][] a = new double[batch.size() * positions][];
            double[][] g = new double[batch.size() * positions][];
            boolean[] real = new boolean[a.length];
            for (int r = 0; r < a.length; r++) {
                Sequence sequence = batch.examples().get(r / positions);
                int position = r % positions;
                real[r] = once || position % tokens < sequence.length();
                // a position's numbers must not depend on the batch's padding, so its use and token name it
                long key = real[r] ? 1000 * (position / tokens) + position % tokens : -1;
                a[r] = row(layer.inputs(), real[r], layer, sequence, key, 0);
                g[r] = row(layer.outputs(), real[r], layer, sequence, key, 1 + objective.hashCode());
            }
            sink.accept(LayerCapture.of(layer, batch.size(), positions, Matrix.of(a), Matrix.of(g))
                    .withUses(uses)
                    .withMask(PositionMask.of(real)));
        }
    }

    private static double[] row(int width, boolean real, LayerSpec layer, Sequence sequence, long key, long kind) {
        SplittableRandom random =
                new SplittableRandom(((sequence.key() * 31 + layer.name().hashCode()) * 31 + key) * 31 + kind);
        double[] row = new double[width];
        for (int k = 0; k < width; k++) {
            row[k] = real ? random.nextDouble(-1, 1) * (1 + k) : Double.NaN;
        }
        return row;
    }
}
