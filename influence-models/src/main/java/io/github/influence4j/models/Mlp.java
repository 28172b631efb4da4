package io.github.influence4j.models;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.PerturbableModel;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A multi-layer perceptron whose weights do not change.
 *
 * <p>The measurement of a query is its loss, the same as the training loss. Captures are views of memory that the next
 * call uses again. Passes cost about 2nP flops forward and 4nP with the gradients for n examples and P parameters, and
 * memory for the activations of the largest batch seen. Not safe for use by several threads at once; {@link #withWeights
 * withWeights(weights())} makes an independent copy. Whoever made a network closes it, before the backend.
 */
public final class Mlp
        implements OutputHessianRoots<LabelledExample>,
                CurvatureProduct<LabelledExample>,
                PerturbableModel<LabelledExample> {

    private final MatrixBackend backend;
    private final MlpShape shape;
    private final List<LayerSpec> layers;
    private final BackendMatrix[] weights;
    private final BackendMatrix[] kernels;
    private final BackendMatrix[] directions;
    private final DensePass pass;
    private double[] outputs = new double[0];
    private double[] gradients = new double[0];
    private boolean closed;

    /** The batch of the last forward pass with these weights, whose activations the pass still holds. */
    private @Nullable ExampleBatch<LabelledExample> loaded;

    private Mlp(MatrixBackend backend, MlpShape shape, LayerGradients initial) {
        this.backend = backend;
        this.shape = shape;
        this.layers = shape.layers();
        this.weights = new BackendMatrix[layers.size()];
        this.kernels = new BackendMatrix[layers.size()];
        this.directions = new BackendMatrix[layers.size()];
        this.pass = new DensePass(backend, shape);
        for (int l = 0; l < weights.length; l++) {
            LayerSpec layer = layers.get(l);
            weights[l] = backend.copyOf(initial.layer(layer.name()), backend.precision());
            kernels[l] = weights[l].view(0, layer.outputs(), 0, layer.inputs());
            directions[l] = backend.zeros(layer.outputs(), layer.gradientColumns());
        }
    }

    /**
     * Makes a network with random weights and biases of 0: uniform with variance 2/inputs for ReLU and GELU (He et al.
     * 2015), 2/(inputs + outputs) for the others (Glorot and Bengio 2010).
     *
     * @param backend computes; its working precision is the network's
     * @param shape form of the network
     * @param seed determines the weights
     * @return a network that the caller closes
     */
    public static Mlp create(MatrixBackend backend, MlpShape shape, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        boolean rectifier = shape.activation() == Activation.RELU || shape.activation() == Activation.GELU;
        List<LayerSpec> layers = shape.layers();
        double[] flat = new double
                [Math.toIntExact(
                        layers.stream().mapToLong(LayerSpec::parameters).sum())];
        int k = 0;
        for (LayerSpec layer : layers) {
            double fan = rectifier ? layer.inputs() : layer.inputs() + layer.outputs();
            double limit = Math.sqrt(6 / fan);
            for (int o = 0; o < layer.outputs(); o++) {
                for (int i = 0; i < layer.inputs(); i++) {
                    flat[k++] = (2 * random.nextDouble() - 1) * limit;
                }
                flat[k++] = 0; // the bias
            }
        }
        return new Mlp(backend, shape, LayerGradients.ofFlat(layers, flat));
    }

    /**
     * Makes a network of the same form with other weights, independent of this one.
     *
     * @param newWeights one [o, i] matrix for each layer, bias in the last column
     * @return a network that the caller closes
     * @throws IllegalArgumentException if the layers are not this network's
     * @throws NumericalException if a weight is NaN or infinite, naming the layer
     */
    public Mlp withWeights(LayerGradients newWeights) {
        newWeights.requireLayers(layers);
        for (LayerSpec layer : layers) {
            for (double[] row : newWeights.layer(layer.name()).toArray()) {
                for (double weight : row) {
                    if (!Double.isFinite(weight)) {
                        throw new NumericalException("layer " + layer.name() + ": a weight is " + weight);
                    }
                }
            }
        }
        return new Mlp(backend, shape, newWeights);
    }

    @Override
    public Mlp at(LayerGradients offset) {
        offset.requireLayers(layers);
        double[] moved = weights().toFlat();
        double[] by = offset.toFlat();
        for (int k = 0; k < moved.length; k++) {
            moved[k] += by[k];
        }
        return withWeights(LayerGradients.ofFlat(layers, moved));
    }

    @Override
    public Loss outputLoss() {
        return shape.loss();
    }

    /**
     * Returns the form of the network.
     *
     * @return the form
     */
    public MlpShape shape() {
        return shape;
    }

    /**
     * Returns the backend that computes.
     *
     * @return the backend, which the network does not own
     */
    public MatrixBackend backend() {
        return backend;
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    /**
     * Returns the weights.
     *
     * @return a copy, one [o, i] matrix for each layer, bias in the last column
     */
    public LayerGradients weights() {
        requireOpen();
        return LayerGradients.of(layers, List.<Matrix>of(weights));
    }

    /**
     * Returns the SHA-256 of the form and the weights.
     *
     * @return hexadecimal digits after {@code sha256:}
     */
    @Override
    public Optional<String> fingerprint() {
        double[] flat = weights().toFlat();
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(flat.length, Double.BYTES));
        bytes.asDoubleBuffer().put(flat);
        return Optional.of(Fingerprint.ofWeights(shape.toString(), bytes));
    }

    /**
     * Computes the outputs of the last layer.
     *
     * @param batch the examples; their targets are not looked at
     * @return [n, outputs]
     * @throws IllegalArgumentException if an example has another number of features
     * @throws NumericalException if a feature is NaN or infinite
     */
    public double[][] outputs(ExampleBatch<LabelledExample> batch) {
        forward(batch);
        double[][] rows = new double[batch.size()][];
        Arrays.setAll(rows, this::outputRow);
        return rows;
    }

    /**
     * {@inheritDoc}
     *
     * @return [n][1][outputs]
     * @throws IllegalArgumentException if an example has another number of features
     * @throws NumericalException if a feature or an output is NaN or infinite
     */
    @Override
    public double[][][] positionOutputs(ExampleBatch<LabelledExample> batch) {
        forward(batch);
        double[][][] rows = new double[batch.size()][1][];
        for (int r = 0; r < rows.length; r++) {
            rows[r][0] = outputRow(r);
            requireFinite(rows[r][0], batch.ids()[r]);
        }
        return rows;
    }

    @Override
    public LayerGradients transposedJacobianProduct(ExampleBatch<LabelledExample> batch, double[][][] outputGradients) {
        requireShape(batch, outputGradients);
        if (batch != loaded) {
            forward(batch);
        }
        int columns = shape.outputs();
        for (int r = 0; r < batch.size(); r++) {
            System.arraycopy(outputGradients[r][0], 0, gradients, r * columns, columns);
        }
        pass.backward(kernels, gradients, 0);
        pass.weightGradients(directions);
        return LayerGradients.of(layers, List.<Matrix>of(directions));
    }

    private void requireShape(ExampleBatch<LabelledExample> batch, double[][][] outputGradients) {
        if (outputGradients.length != batch.size()) {
            throw new IllegalArgumentException(
                    "output gradients of " + outputGradients.length + " examples for a batch of " + batch.size());
        }
        for (int r = 0; r < outputGradients.length; r++) {
            if (outputGradients[r].length != 1 || outputGradients[r][0].length != shape.outputs()) {
                throw new IllegalArgumentException("example " + batch.ids()[r] + ": output gradients must be 1 x "
                        + shape.outputs() + ", found " + outputGradients[r].length + " x "
                        + (outputGradients[r].length == 0 ? 0 : outputGradients[r][0].length));
            }
        }
    }

    @Override
    public double[][] positionObjectives(ExampleBatch<LabelledExample> batch, Objective objective) {
        if (!(objective instanceof Objective.TrainingLoss || objective instanceof Objective.Measurement)) {
            throw new UnsupportedOperationException("the network has no value of " + objective);
        }
        double[] losses = losses(batch);
        double[][] values = new double[losses.length][];
        Arrays.setAll(values, r -> new double[] {losses[r]});
        return values;
    }

    /**
     * Computes what the network predicts: the probabilities of the classes, or the outputs of a regression.
     *
     * @param batch the examples; their targets are not looked at
     * @return [n, outputs]
     * @throws IllegalArgumentException if an example has another number of features
     * @throws NumericalException if a feature is NaN or infinite
     */
    public double[][] predictions(ExampleBatch<LabelledExample> batch) {
        double[][] rows = outputs(batch);
        for (double[] row : rows) {
            shape.loss().predict(row.clone(), row);
        }
        return rows;
    }

    /**
     * Computes the loss of each example.
     *
     * @param batch the examples
     * @return n losses
     * @throws IllegalArgumentException if an example has another number of features or its target does not fit
     * @throws NumericalException if a feature or target is NaN or infinite
     */
    public double[] losses(ExampleBatch<LabelledExample> batch) {
        forward(batch);
        double[] losses = new double[batch.size()];
        Arrays.setAll(losses, r -> shape.loss().value(outputRow(r), target(batch, r)));
        return losses;
    }

    @Override
    public int outputHessianColumns() {
        return shape.outputs();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if a layer is not this network's, an example has another number of features, its
     *     target does not fit, or there is no such column of the output Hessian's root
     * @throws NumericalException if a feature, a target or an output is NaN or infinite
     */
    @Override
    public void capture(
            ExampleBatch<LabelledExample> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        int lowest = layers.size();
        for (LayerSpec layer : wanted) {
            int l = layers.indexOf(layer);
            if (l < 0) {
                throw new IllegalArgumentException("no layer " + layer + " among " + layers);
            }
            lowest = Math.min(lowest, l);
        }
        if (objective instanceof Objective.OutputHessianRoot root && root.column() >= shape.outputs()) {
            throw new IllegalArgumentException("column of the output Hessian's root must be below " + shape.outputs()
                    + ", found " + root.column());
        }
        if (wanted.isEmpty()) {
            return;
        }
        forward(batch);
        double[] result = new double[shape.outputs()];
        for (int r = 0; r < batch.size(); r++) {
            outputGradient(batch, r, objective, result);
            System.arraycopy(result, 0, gradients, r * result.length, result.length);
        }
        pass.backward(kernels, gradients, lowest);
        for (int l = layers.size() - 1; l >= lowest; l--) {
            if (wanted.contains(layers.get(l))) {
                sink.accept(LayerCapture.of(layers.get(l), pass.activations(l), pass.outputGradients(l)));
            }
        }
    }

    private void outputGradient(ExampleBatch<LabelledExample> batch, int r, Objective objective, double[] result) {
        double[] row = outputRow(r);
        long id = batch.ids()[r];
        requireFinite(row, id);
        shape.loss().outputGradient(objective, row, batch.examples().get(r).target(), id, 0, result);
    }

    /**
     * {@inheritDoc}
     *
     * <p>A forward pass, a forward pass of the tangents J v, and a backward pass (Pearlmutter 1994; Schraudolph 2002):
     * about 10nP flops for n examples and P parameters, less at the first layer.
     *
     * @throws NumericalException if a feature or an output is NaN or infinite
     */
    @Override
    public LayerGradients product(ExampleBatch<LabelledExample> batch, LayerGradients vector) {
        return products(batch, List.of(vector)).get(0);
    }

    /**
     * {@inheritDoc}
     *
     * <p>The vectors share one forward pass.
     *
     * @throws NumericalException if a feature or an output is NaN or infinite
     */
    @Override
    public List<LayerGradients> products(ExampleBatch<LabelledExample> batch, List<LayerGradients> vectors) {
        vectors.forEach(vector -> vector.requireLayers(layers));
        forward(batch);
        for (int r = 0; r < batch.size(); r++) {
            requireFinite(outputRow(r), batch.ids()[r]);
        }
        List<LayerGradients> products = new ArrayList<>(vectors.size());
        for (LayerGradients vector : vectors) {
            products.add(productAfterForward(batch.size(), vector));
        }
        return products;
    }

    private LayerGradients productAfterForward(int examples, LayerGradients vector) {
        for (int l = 0; l < directions.length; l++) {
            backend.upload(vector.layer(layers.get(l).name()), directions[l]);
        }
        pass.tangents(directions, kernels, gradients);
        int columns = shape.outputs();
        double[] tangent = new double[columns];
        double[] result = new double[columns];
        for (int r = 0; r < examples; r++) {
            System.arraycopy(gradients, r * columns, tangent, 0, columns);
            shape.loss().hessianProduct(outputRow(r), tangent, result);
            System.arraycopy(result, 0, gradients, r * columns, columns);
        }
        pass.backward(kernels, gradients, 0);
        // the directions are done with, so their memory takes the result
        pass.weightGradients(directions);
        return LayerGradients.of(layers, List.<Matrix>of(directions));
    }

    /** {@inheritDoc} Neither the tangents nor the way back need the weights of the first layer. */
    @Override
    public double productFlops(ExampleBatch<LabelledExample> batch, int vectors) {
        double all = layers.stream().mapToDouble(LayerSpec::parameters).sum();
        double first = layers.get(0).parameters();
        return batch.size() * (2 * all + vectors * (8 * all - 4 * first));
    }

    /** Sums the losses of a batch and, layer by layer into packed arrays, the gradients of the losses. For training. */
    double lossAndGradients(ExampleBatch<LabelledExample> batch, double[][] weightGradients) {
        forward(batch);
        double total = 0;
        double[] result = new double[shape.outputs()];
        for (int r = 0; r < batch.size(); r++) {
            double[] row = outputRow(r);
            double[] target = target(batch, r);
            total += shape.loss().value(row, target);
            shape.loss().gradient(row, target, result);
            System.arraycopy(result, 0, gradients, r * result.length, result.length);
        }
        pass.backward(kernels, gradients, 0);
        pass.weightGradients(directions);
        for (int l = 0; l < directions.length; l++) {
            directions[l].read(0, directions[l].rows(), weightGradients[l], 0);
        }
        return total;
    }

    /** Replaces the weights of a layer. Only training does this, to a network that nobody else has seen yet. */
    void setWeights(int layer, double[] values) {
        backend.upload(Matrix.of(values, weights[layer].rows(), weights[layer].columns()), weights[layer]);
        loaded = null;
    }

    private void forward(ExampleBatch<LabelledExample> batch) {
        requireOpen();
        int needed = Math.multiplyExact(batch.size(), shape.outputs());
        if (outputs.length < needed) {
            outputs = new double[needed];
            gradients = new double[needed];
        }
        loaded = null;
        pass.load(batch);
        pass.forward(weights, outputs);
        loaded = batch;
    }

    private double[] outputRow(int r) {
        return Arrays.copyOfRange(outputs, r * shape.outputs(), (r + 1) * shape.outputs());
    }

    private double[] target(ExampleBatch<LabelledExample> batch, int r) {
        double[] target = batch.examples().get(r).target();
        shape.loss().checkTarget(target, batch.ids()[r], shape.outputs());
        return target;
    }

    private static void requireFinite(double[] outputs, long id) {
        for (int c = 0; c < outputs.length; c++) {
            if (!Double.isFinite(outputs[c])) {
                throw new NumericalException("example " + id + ": output " + c + " of the network is " + outputs[c]);
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the network has been closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            for (int l = 0; l < weights.length; l++) {
                weights[l].close();
                directions[l].close();
            }
            pass.close();
        }
    }
}
