package io.github.influence4j.ekfac.broken;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Three dense layers whose numbers follow from id, layer and objective alone, and that push them as a script says. */
final class ScriptedHost implements GradientProvider<Integer> {

    static final List<LayerSpec> LAYERS =
            List.of(LayerSpec.dense("a", 6, 5), LayerSpec.dense("b", 5, 4).withoutBias(), LayerSpec.dense("c", 4, 3));

    /** What a host does with a batch. */
    @FunctionalInterface
    interface Script {
        void push(ScriptedHost host, ExampleBatch<Integer> batch, Objective objective, CaptureSink sink);
    }

    private final Script script;
    private final int from;
    private Supplier<List<LayerSpec>> layers = () -> LAYERS;
    private Supplier<Optional<String>> fingerprint = Optional::empty;
    private int positions = 1;
    private int batches;

    private ScriptedHost(Script script, int from) {
        this.script = script;
        this.from = from;
    }

    static ScriptedHost honest() {
        return new ScriptedHost(ScriptedHost::pushAll, 1);
    }

    /** Follows a script at every batch. */
    static ScriptedHost always(Script script) {
        return new ScriptedHost(script, 1);
    }

    /** Honest in the first batch, so that something is held already when it follows the script. */
    static ScriptedHost later(Script script) {
        return new ScriptedHost(script, 2);
    }

    ScriptedHost withLayers(Supplier<List<LayerSpec>> value) {
        layers = value;
        return this;
    }

    ScriptedHost withFingerprint(Supplier<Optional<String>> value) {
        fingerprint = value;
        return this;
    }

    ScriptedHost withPositions(int value) {
        positions = value;
        return this;
    }

    @Override
    public int positions(Integer example) {
        return positions;
    }

    int batches() {
        return batches;
    }

    @Override
    public List<LayerSpec> layers() {
        return layers.get();
    }

    @Override
    public Optional<String> fingerprint() {
        return fingerprint.get();
    }

    @Override
    public void capture(ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        batches++;
        if (batches >= from) {
            script.push(this, batch, objective, sink);
        } else {
            pushAll(batch, objective, sink);
        }
    }

    void pushAll(ExampleBatch<Integer> batch, Objective objective, CaptureSink sink) {
        LAYERS.forEach(layer -> sink.accept(capture(layer, batch, objective)));
    }

    LayerCapture capture(LayerSpec layer, ExampleBatch<Integer> batch, Objective objective) {
        double[][] a = new double[batch.size()][];
        double[][] g = new double[batch.size()][];
        for (int e = 0; e < batch.size(); e++) {
            long key = 31 * batch.ids()[e] + layer.name().hashCode();
            a[e] = new SplittableRandom(key).doubles(layer.inputs(), -1, 1).toArray();
            g[e] = new SplittableRandom(~key * 31 + kind(objective))
                    .doubles(layer.outputs(), -1, 1)
                    .toArray();
        }
        return LayerCapture.of(layer, Matrix.of(a), Matrix.of(g));
    }

    private static int kind(Objective objective) {
        return objective instanceof Objective.SampledLabels ? 1 : objective instanceof Objective.TrainingLoss ? 2 : 3;
    }

    static ExampleSource<Integer> examples(int count, int firstId) {
        return ExampleSource.of(
                new ArrayList<>(IntStream.range(0, count).boxed().toList()),
                LongStream.range(firstId, firstId + count).toArray());
    }
}
