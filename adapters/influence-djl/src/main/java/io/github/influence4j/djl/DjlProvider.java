package io.github.influence4j.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.training.GradientCollector;
import io.github.influence4j.adapter.OutputGradients;
import io.github.influence4j.adapter.ParameterCoverage;
import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import java.util.List;
import java.util.Set;

/**
 * A trained PyTorch model of DJL, built from its blocks, as a provider: linear blocks and two-dimensional convolutions,
 * grouped and shared ones too, wherever they stand in the tree.
 *
 * <p>Runs a copy of the model as it is when this is made, parameters included, in which each traced block stands behind a
 * probe: a tensor of zeros that is added to its output, whose gradient is wanted. The model itself is never touched, so that
 * other threads may predict with it meanwhile. Blocks run in evaluation mode. The objective is −log p of the class or ½‖ŷ−y‖², summed over
 * positions that have a target; a measurement is the loss. Sequences of one batch are padded with token 0: the model must not
 * let padding reach real positions, which {@link Padding} is about.
 *
 * <p>DJL allows one gradient collector in a process: nothing else may take gradients during a capture. Costs a forward and
 * backward pass without gradients of weights, copies of inputs and gradients on the heap, and a copy of the parameters. Not
 * safe for use by several threads at once.
 */
public final class DjlProvider implements GradientProvider<DjlExample>, AutoCloseable {

    private static final double SELF_CHECK = 1e-3;

    private final NDManager manager;
    private final Snapshot parameters;
    private final ModelTracing tracing;
    private final OutputGradients gradients;
    private final List<LayerSpec> layers;
    private final Padding padding;
    /** Most runs of any block that runs at tokens. */
    private int uses = 1;

    private DjlProvider(
            Block model, Loss loss, Padding padding, ExampleBatch<DjlExample> sample, Set<String> excluded) {
        this.padding = padding;
        this.tracing = new ModelTracing(model, excluded);
        this.gradients = new OutputGradients(loss, 1);
        NDArray any = model.getParameters().get(0).getValue().getArray();
        String engine = any.getManager().getEngine().getEngineName();
        if (!engine.equals("PyTorch")) {
            throw new IllegalArgumentException("the model must run on the PyTorch engine, found " + engine);
        }
        this.manager = NDManager.newBaseManager(any.getDevice(), engine);
        this.parameters = new Snapshot(manager);
        try {
            checkItself(sample);
        } catch (RuntimeException | Error e) {
            manager.close();
            throw e;
        }
        this.layers =
                tracing.traced().stream().flatMap(t -> t.layers().stream()).toList();
    }

    /**
     * Makes a provider of a model with one input, and checks it; see the other method.
     *
     * @param model a trained model; it takes tokens [n, t] or features [n, shape] and gives outputs [n, o] or [n, t, o]
     * @param loss the training loss
     * @param examples some examples of the kind that will be captured
     * @param excluded names (as in {@link #layers()}) or kinds (simple names of classes, such as BatchNorm) of blocks that are
     *     not to be traced
     * @return a provider that the caller closes
     * @throws IllegalArgumentException if a block with parameters can neither be traced nor is excluded, naming all of them
     * @throws IllegalStateException if the check fails, naming the block
     */
    public static DjlProvider of(Block model, Loss loss, ExampleSource<DjlExample> examples, String... excluded) {
        return of(model, loss, examples, Padding.UNSEEN, excluded);
    }

    /**
     * Makes a provider and checks it: on the first examples, Σ g aᵀ of every traced block is compared with the gradient that
     * PyTorch computes for the block's weights.
     *
     * @param model a trained model; it takes tokens [n, t] or features [n, shape] and gives outputs [n, o] or [n, t, o]
     * @param loss the training loss
     * @param examples some examples of the kind that will be captured
     * @param padding how the model learns where padding is
     * @param excluded names (as in {@link #layers()}) or kinds (simple names of classes, such as BatchNorm) of blocks that are
     *     not to be traced
     * @return a provider that the caller closes
     * @throws IllegalArgumentException if a block with parameters can neither be traced nor is excluded, naming all of them
     * @throws IllegalStateException if the check fails, naming the block
     */
    public static DjlProvider of(
            Block model, Loss loss, ExampleSource<DjlExample> examples, Padding padding, String... excluded) {
        int n = (int) Math.min(2, examples.size());
        return new DjlProvider(
                model, loss, padding, examples.batches(n).iterator().next(), Set.of(excluded));
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    /**
     * {@inheritDoc}
     *
     * <p>Known beforehand for sequences: a position for each token and run of a block.
     */
    @Override
    public int positions(DjlExample example) {
        return Math.max(1, example.tokens().length * uses);
    }

    /**
     * Returns what is traced and what is not.
     *
     * @return the traced parameters and the excluded blocks
     */
    public ParameterCoverage coverage() {
        return tracing.coverage();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if a layer is not this model's, examples of one batch differ in shape or are tokens and
     *     features, or a target does not fit
     * @throws NumericalException if an output is NaN or infinite, naming the example and the position
     */
    @Override
    public void capture(ExampleBatch<DjlExample> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        if (!layers.containsAll(wanted)) {
            throw new IllegalArgumentException("the layers are " + layers + ", asked for " + wanted);
        }
        if (objective instanceof Objective.OutputHessianRoot) {
            throw new UnsupportedOperationException(
                    "no gradient of " + objective
                            + ": the number of its columns depends on the positions of the longest example, which is not known here");
        }
        if (wanted.isEmpty()) {
            return;
        }
        try (NDManager pass = manager.newSubManager()) {
            Batch inputs = Batch.of(batch, pass);
            for (TracedBlock block : tracing.traced()) {
                block.probes().start(block.layers().stream().anyMatch(wanted::contains));
            }
            backpropagate(batch, inputs, objective);
            for (TracedBlock block : tracing.traced()) {
                if (block.probes().uses() > 0) {
                    for (LayerCapture capture : block.captures(batch.size(), inputs.lengths(), inputs.tokens())) {
                        if (wanted.contains(capture.layer())) {
                            sink.accept(capture);
                        }
                    }
                }
            }
        }
    }

    private void backpropagate(ExampleBatch<DjlExample> batch, Batch inputs, Objective objective) {
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            NDArray outputs = tracing.probed()
                    .forward(parameters, inputs.inputs(padding == Padding.MASK_INPUT), false)
                    .head();
            NDArray delta = inputs.array()
                    .getManager()
                    .create(outputGradients(batch, inputs, outputs, objective), outputs.getShape());
            collector.backward(outputs.mul(delta).sum());
        }
    }

    private float[] outputGradients(
            ExampleBatch<DjlExample> batch, Batch inputs, NDArray outputs, Objective objective) {
        Shape shape = outputs.getShape();
        int o = (int) shape.get(shape.dimension() - 1);
        int positions = (int) (shape.size() / o / batch.size());
        if (shape.get(0) != batch.size() || positions != inputs.targets()) {
            throw new IllegalArgumentException("outputs must have " + inputs.targets() + " positions for each of "
                    + batch.size() + " examples, found the shape " + shape);
        }
        float[] values = outputs.toFloatArray();
        float[] deltas = new float[values.length];
        double[] row = new double[o];
        double[] result = new double[o];
        for (int e = 0; e < batch.size(); e++) {
            double[][] targets = batch.examples().get(e).targets();
            for (int p = 0; p < targets.length; p++) {
                if (targets[p].length == 0) {
                    continue;
                }
                int start = (e * positions + p) * o;
                for (int c = 0; c < o; c++) {
                    row[c] = values[start + c];
                }
                gradients.compute(row, targets[p], objective, batch.ids()[e], p, result);
                for (int c = 0; c < o; c++) {
                    deltas[start + c] = (float) result[c];
                }
            }
        }
        return deltas;
    }

    /** Runs two examples, reads the layers' shapes off them, and compares Σ g aᵀ with PyTorch's gradient of the weights. */
    private void checkItself(ExampleBatch<DjlExample> batch) {
        try (NDManager pass = manager.newSubManager()) {
            Batch inputs = Batch.of(batch, pass);
            for (TracedBlock block : tracing.traced()) {
                block.probes().start(true);
                weight(block).setRequiresGradient(true);
            }
            backpropagate(batch, inputs, new Objective.SampledLabels(0));
            for (TracedBlock block : tracing.traced()) {
                block.settle(batch.size(), inputs.tokens());
                if (block.layers().get(0).positions() == Positions.TOKENS) {
                    uses = Math.max(uses, block.probes().uses());
                }
                float[] expected = weight(block).getGradient().toFloatArray();
                float[] found = weightGradient(
                        block.captures(batch.size(), inputs.lengths(), inputs.tokens()), expected.length);
                compare(block.name(), expected, found);
                weight(block).setRequiresGradient(false);
            }
        }
    }

    private NDArray weight(TracedBlock block) {
        Parameter weight = block.parameter("weight").orElseThrow();
        return parameters.copy(weight);
    }

    /** Σ g aᵀ without the bias, the groups one after the other. */
    private static float[] weightGradient(List<LayerCapture> captures, int length) {
        float[] sum = new float[length];
        int start = 0;
        for (LayerCapture capture : captures) {
            double[][] a = capture.activations().toArray();
            double[][] g = capture.outputGradients().toArray();
            int inputs = capture.layer().inputs();
            for (int row = 0; row < a.length; row++) {
                for (int o = 0; o < g[row].length; o++) {
                    for (int i = 0; i < inputs && g[row][o] != 0; i++) {
                        sum[start + o * inputs + i] += (float) (g[row][o] * a[row][i]);
                    }
                }
            }
            start += inputs * capture.layer().outputs();
        }
        return sum;
    }

    private static void compare(String name, float[] expected, float[] found) {
        double scale = 0;
        double worst = 0;
        for (int k = 0; k < expected.length; k++) {
            scale = Math.max(scale, Math.abs(expected[k]));
            worst = Math.max(worst, Math.abs(expected[k] - found[k]));
        }
        if (!(worst <= SELF_CHECK * scale)) {
            throw new IllegalStateException(
                    "block " + name + ": captures do not sum to PyTorch's gradient of its weights "
                            + "(off by " + worst + " where the largest is " + scale
                            + "): the model runs it in a way that cannot be seen, or uses its weights elsewhere; exclude it by name");
        }
    }

    /** Frees the copy of the parameters. */
    @Override
    public void close() {
        manager.close();
    }

    /** The device on which captures are computed. */
    Device device() {
        return manager.getDevice();
    }
}
