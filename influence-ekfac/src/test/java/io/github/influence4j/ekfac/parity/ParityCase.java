package io.github.influence4j.ekfac.parity;

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
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One model of the parity fixtures as a provider: an example is an index, and the objective says which of the three capture
 * files it is an index into.
 */
final class ParityCase implements GradientProvider<Integer> {

    private final SafetensorsFixture pseudo;
    private final SafetensorsFixture train;
    private final SafetensorsFixture query;
    private final SafetensorsFixture expected;
    private final List<LayerSpec> layers;

    private ParityCase(
            SafetensorsFixture pseudo,
            SafetensorsFixture train,
            SafetensorsFixture query,
            SafetensorsFixture expected,
            List<LayerSpec> layers) {
        this.pseudo = pseudo;
        this.train = train;
        this.query = query;
        this.expected = expected;
        this.layers = layers;
    }

    static ParityCase load(String name) {
        SafetensorsFixture pseudo = new SafetensorsFixture(name + "/pseudo");
        List<LayerSpec> layers = new ArrayList<>();
        pseudo.metadata("layers").properties().forEach(layer -> {
            int positions = pseudo.shape(layer.getKey() + "/activations")[1];
            Positions kind =
                    positions == 1 ? Positions.NONE : name.equals("conv") ? Positions.PATCHES : Positions.TOKENS;
            layers.add(new LayerSpec(
                    layer.getKey(),
                    layer.getValue().get("in").asInt(),
                    layer.getValue().get("out").asInt(),
                    layer.getValue().get("bias").asBoolean(),
                    kind));
        });
        return new ParityCase(
                pseudo,
                new SafetensorsFixture(name + "/train"),
                new SafetensorsFixture(name + "/query"),
                new SafetensorsFixture(name + "/expected"),
                layers);
    }

    /** The same model with a single tracked layer. */
    ParityCase only(LayerSpec layer) {
        return new ParityCase(pseudo, train, query, expected, List.of(layer));
    }

    SafetensorsFixture expected() {
        return expected;
    }

    ExampleSource<Integer> trainingSet() {
        return indices(train);
    }

    ExampleSource<Integer> queries() {
        return indices(query);
    }

    private ExampleSource<Integer> indices(SafetensorsFixture file) {
        int n = file.shape(layers.get(0).name() + "/activations")[0];
        return ExampleSource.of(IntStream.range(0, n).boxed().toList());
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public void capture(ExampleBatch<Integer> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        SafetensorsFixture file = objective instanceof Objective.SampledLabels
                ? pseudo
                : objective instanceof Objective.Measurement ? query : train;
        for (LayerSpec layer : wanted) {
            int positions = file.shape(layer.name() + "/activations")[1];
            Matrix a = Matrix.of(pick(file.values(layer.name() + "/activations"), positions * layer.inputs(), batch));
            Matrix g = Matrix.of(
                    pick(file.values(layer.name() + "/output_gradients"), positions * layer.outputs(), batch));
            LayerCapture capture = LayerCapture.of(
                    layer,
                    batch.size(),
                    positions,
                    rows(a, batch.size() * positions, layer.inputs()),
                    rows(g, batch.size() * positions, layer.outputs()));
            sink.accept(file.has("mask") ? capture.withMask(mask(file, positions, batch)) : capture);
        }
    }

    private static double[][] pick(double[] all, int perExample, ExampleBatch<Integer> batch) {
        double[][] picked = new double[batch.size()][perExample];
        for (int e = 0; e < picked.length; e++) {
            System.arraycopy(all, batch.examples().get(e) * perExample, picked[e], 0, perExample);
        }
        return picked;
    }

    private static Matrix rows(Matrix perExample, int rows, int columns) {
        double[] flat = new double[rows * columns];
        perExample.read(0, perExample.rows(), flat, 0);
        return Matrix.of(flat, rows, columns);
    }

    private static PositionMask mask(SafetensorsFixture file, int positions, ExampleBatch<Integer> batch) {
        double[][] picked = pick(file.values("mask"), positions, batch);
        boolean[] real = new boolean[batch.size() * positions];
        for (int r = 0; r < real.length; r++) {
            real[r] = picked[r / positions][r % positions] != 0;
        }
        return PositionMask.of(real);
    }
}
