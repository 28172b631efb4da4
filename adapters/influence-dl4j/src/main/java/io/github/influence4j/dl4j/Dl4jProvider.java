package io.github.influence4j.dl4j;

import io.github.influence4j.adapter.OutputGradients;
import io.github.influence4j.adapter.ParameterCoverage;
import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.DataSet;

/**
 * A trained network of Deeplearning4j as a provider: dense, output and two-dimensional convolution layers with any of DL4J's
 * activations, softmax cross-entropy or squared error.
 *
 * <p>Works on a copy of the network as it is when this is made; the network itself is never touched. In the copy, dropout
 * and weight noise are off and batch normalisation uses its stored statistics. The objective is the network's own loss of an
 * example: −log p of its class, Σ(ŷ−y)² for L2, its mean over outputs for MSE; weight decay is no part of it, and a
 * measurement is the loss. An example is a {@link DataSet} with one row.
 *
 * <p>Costs one forward and backward pass of DL4J a batch, a copy of each layer's inputs and gradients on the heap, and a copy
 * of the parameters. Not safe for use by several threads at once.
 */
public final class Dl4jProvider implements OutputHessianRoots<DataSet> {

    private final NetworkCopy network;
    private final LayerTracing tracing;
    private final List<LayerSpec> layers;
    private final String fingerprint;
    private final Rows features = new Rows();
    private final Rows labels = new Rows();

    private Dl4jProvider(NetworkCopy network, String... excluded) {
        this.network = network;
        this.fingerprint = fingerprint(network);
        this.tracing = new LayerTracing(network, Set.of(excluded));
        this.layers = tracing.traced().stream().map(TracedLayer::spec).toList();
    }

    /**
     * Makes a provider from a stack of layers.
     *
     * @param network a trained network
     * @param excluded names of layers that are not to be traced (DL4J's names, or layer0, layer1 and so on where there are
     *     none)
     * @return the provider
     * @throws IllegalArgumentException if a layer with parameters can neither be traced nor is excluded, naming all of them;
     *     or if the loss is of another kind
     */
    public static Dl4jProvider of(MultiLayerNetwork network, String... excluded) {
        return new Dl4jProvider(NetworkCopy.of(network), excluded);
    }

    /**
     * Makes a provider from a graph with one input and one output.
     *
     * @param graph a trained network
     * @param excluded names of vertices that are not to be traced
     * @return the provider
     * @throws IllegalArgumentException if a layer with parameters can neither be traced nor is excluded, naming all of them;
     *     if the loss is of another kind; or if the graph has several inputs or outputs
     */
    public static Dl4jProvider of(ComputationGraph graph, String... excluded) {
        return new Dl4jProvider(NetworkCopy.of(graph), excluded);
    }

    /**
     * Cuts a data set into examples with the ids 0, 1, 2 and so on.
     *
     * @param data features and labels, one example a row
     * @return the examples, which share the data set's memory
     */
    public static ExampleSource<DataSet> examples(DataSet data) {
        return ExampleSource.of(data.asList());
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    /**
     * Returns what is traced and what is not.
     *
     * @return the traced parameters and the excluded layers
     */
    public ParameterCoverage coverage() {
        return tracing.coverage();
    }

    /**
     * Returns the loss and its scale.
     *
     * @return the gradients of the network's loss
     */
    public OutputGradients loss() {
        return tracing.gradients();
    }

    @Override
    public int outputHessianColumns() {
        return tracing.outputs();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if a layer is not this network's, an example has no label, a mask, more than one row
     *     or another shape than the others, or a label is not one class
     * @throws NumericalException if an output is NaN or infinite, naming the example
     */
    @Override
    public void capture(ExampleBatch<DataSet> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        for (LayerSpec layer : wanted) {
            if (!layers.contains(layer)) {
                throw new IllegalArgumentException("no layer " + layer + " among " + layers);
            }
        }
        if (objective instanceof Objective.OutputHessianRoot root && root.column() >= outputHessianColumns()) {
            throw new IllegalArgumentException("column of the output Hessian's root must be below "
                    + outputHessianColumns() + ", found " + root.column());
        }
        if (wanted.isEmpty()) {
            return;
        }
        MergedBatch merged = MergedBatch.of(batch, network.parameters().dataType(), features, labels);
        tracing.loss().prepare(objective, targets(merged.rows(), batch.ids()), batch.ids());
        tracing.traced().forEach(layer -> layer.prepare(wanted.contains(layer.spec())));
        network.backpropagate(merged.features(), merged.labels());
        for (TracedLayer layer : tracing.traced()) {
            if (wanted.contains(layer.spec())) {
                sink.accept(layer.capture(batch.size()));
            }
        }
    }

    private double[][] targets(double[][] rows, long[] ids) {
        if (tracing.gradients().loss() == Loss.SQUARED_ERROR) {
            return rows;
        }
        double[][] classes = new double[rows.length][];
        for (int e = 0; e < rows.length; e++) {
            classes[e] = new double[] {oneHot(rows[e], ids[e])};
        }
        return classes;
    }

    private static int oneHot(double[] label, long id) {
        int found = -1;
        for (int c = 0; c < label.length; c++) {
            if (label[c] != 0 && (label[c] != 1 || found >= 0)) {
                throw new IllegalArgumentException(
                        "example " + id + ": the label must be one class, a single 1 among 0s");
            }
            found = label[c] == 1 ? c : found;
        }
        if (found < 0) {
            throw new IllegalArgumentException("example " + id + ": the label has no class");
        }
        return found;
    }

    /**
     * Returns the SHA-256 of the configuration and the parameters.
     *
     * @return hexadecimal digits after {@code sha256:}
     */
    @Override
    public Optional<String> fingerprint() {
        return Optional.of(fingerprint);
    }

    private static String fingerprint(NetworkCopy network) {
        float[] parameters = network.parameters().toFloatVector();
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(parameters.length, Float.BYTES));
        bytes.asFloatBuffer().put(parameters);
        return Fingerprint.ofWeights(network.configuration(), bytes);
    }
}
