package io.github.influence4j.decoder;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.PerturbableModel;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * A decoder transformer whose weights do not change.
 *
 * <p>The training loss of a sequence is Σ −log p(label | tokens before it) over the tokens that are counted, and so is the
 * measurement; see {@link TokenSequence}. Position p of a capture predicts token p + 1; shorter sequences of a batch are padded
 * and masked in captures, but cost nothing in the passes. Logits are never held for more than a block of rows, unless the head
 * is tracked.
 *
 * <p>A pass over R predictions costs about 2R(P − E) flops forward and 4R(P − E) more with the gradients, for P parameters of
 * which E are in the embeddings, and the attention's; memory is for the activations of the largest batch seen. Captures are
 * views of memory that the next call uses again. Not safe for use by several threads at once; {@link #copy} makes an
 * independent model. Whoever made a model closes it, before the backend.
 */
public final class Decoder
        implements OutputHessianRoots<TokenSequence>, CurvatureProduct<TokenSequence>, PerturbableModel<TokenSequence> {

    private static final int FINGERPRINT_BLOCK = 1 << 16;

    private final MatrixBackend backend;
    private final boolean ownsBackend;
    private final DecoderShape shape;
    private final TrackedLayers layers;
    private final ParameterMatrices weights;
    private final BatchWork<?> work;
    private boolean closed;

    private Decoder(MatrixBackend backend, DecoderShape shape, TrackedLayers layers) {
        this(backend, false, shape, layers);
    }

    private Decoder(MatrixBackend backend, boolean ownsBackend, DecoderShape shape, TrackedLayers layers) {
        this.backend = backend;
        this.ownsBackend = ownsBackend;
        this.shape = shape;
        this.layers = layers;
        this.weights = new ParameterMatrices(backend, shape);
        this.work = new BatchWork<>(backend, layers, weights, RowKernels.of(backend.precision()));
    }

    /**
     * Makes a model with random weights that tracks its MLPs: normal with variance 1/inputs, those into the residual stream
     * divided by 2·blocks; embeddings with variance 1/width; biases 0 and gains 1.
     *
     * @param backend computes; its working precision is the model's
     * @param shape form of the model
     * @param seed determines the weights
     * @return a model that the caller closes
     */
    public static Decoder create(MatrixBackend backend, DecoderShape shape, long seed) {
        Decoder model = new Decoder(backend, shape, TrackedLayers.of(shape, EnumSet.of(Tracked.MLP)));
        model.setParameters(ParameterLayout.of(shape).initial(shape, new Random(seed)));
        return model;
    }

    /**
     * Makes a model with published weights that tracks its MLPs.
     *
     * @param backend computes; its working precision is the model's
     * @param shape form of the model, with its family's names
     * @param weights gives each tensor of the family
     * @return a model that the caller closes
     * @throws IllegalArgumentException if a tensor is missing or has another shape
     * @throws NumericalException if a weight is NaN or infinite, naming the tensor
     */
    public static Decoder open(MatrixBackend backend, DecoderShape shape, WeightSource weights) {
        return open(backend, shape, EnumSet.of(Tracked.MLP), weights);
    }

    /**
     * Makes a model with published weights that tracks these kinds of layers.
     *
     * @param backend computes; its working precision is the model's
     * @param shape form of the model, with its family's names
     * @param kinds at least one; {@link Tracked#HEAD} only where it is not tied
     * @param weights gives each tensor of the family
     * @return a model that the caller closes
     * @throws IllegalArgumentException if there are no such layers, or a tensor is missing or has another shape
     * @throws NumericalException if a weight is NaN or infinite, naming the tensor
     */
    public static Decoder open(MatrixBackend backend, DecoderShape shape, Set<Tracked> kinds, WeightSource weights) {
        return open(backend, shape, TrackedLayers.of(shape, kinds), weights);
    }

    /**
     * Makes a model with published weights that tracks these layers.
     *
     * @param backend computes; its working precision is the model's
     * @param shape form of the model, with its family's names
     * @param names names of linear maps among {@link #linearMaps}
     * @param weights gives each tensor of the family
     * @return a model that the caller closes
     * @throws IllegalArgumentException if there are no such layers, or a tensor is missing or has another shape
     * @throws NumericalException if a weight is NaN or infinite, naming the tensor
     */
    public static Decoder open(MatrixBackend backend, DecoderShape shape, List<String> names, WeightSource weights) {
        return open(backend, shape, TrackedLayers.of(shape, names), weights);
    }

    private static Decoder open(MatrixBackend backend, DecoderShape shape, TrackedLayers layers, WeightSource weights) {
        Decoder model = new Decoder(backend, shape, layers);
        boolean done = false;
        try {
            new PublishedWeights(backend, model.weights).load(weights);
            done = true;
            return model;
        } finally {
            if (!done) {
                model.close();
            }
        }
    }

    /**
     * Checks that a checkpoint has what a model needs, without reading its numbers.
     *
     * @param shape form of the model, with its family's names
     * @param weights is asked for each tensor of the family
     * @throws IllegalArgumentException if a tensor is missing or has another shape
     */
    public static void requireTensors(DecoderShape shape, WeightSource weights) {
        PublishedWeights.require(shape, weights);
    }

    /**
     * Gives all weights as the tensors that the model's family publishes.
     *
     * @param sink takes them one after the other
     */
    public void publish(WeightSink sink) {
        requireOpen();
        new PublishedWeights(backend, weights).publish(sink);
    }

    /**
     * Makes an independent model with the same weights that tracks these kinds of layers.
     *
     * @param kinds at least one; {@link Tracked#HEAD} only where it is not tied
     * @return a model that the caller closes
     * @throws IllegalArgumentException if there are no such layers
     */
    public Decoder tracking(Set<Tracked> kinds) {
        requireOpen();
        return tracking(TrackedLayers.of(shape, kinds));
    }

    /**
     * Makes an independent model with the same weights that tracks these layers.
     *
     * @param names names of linear maps among {@link #linearMaps}
     * @return a model that the caller closes
     * @throws IllegalArgumentException if there are none, or one is unknown
     */
    public Decoder trackingLayers(List<String> names) {
        requireOpen();
        return tracking(TrackedLayers.of(shape, names));
    }

    private Decoder tracking(TrackedLayers chosen) {
        Decoder model = new Decoder(backend, shape, chosen);
        backend.upload(weights.flat(), model.weights.flat());
        return model;
    }

    /**
     * Describes every linear map of a form: those of the MLPs and of the attention, and the head unless it is tied.
     *
     * @param shape the form
     * @return the layers in the order of the model
     */
    public static List<LayerSpec> linearMaps(DecoderShape shape) {
        return TrackedLayers.every(shape);
    }

    /**
     * Says which layers of a decoder would read the same input, before its weights are there.
     *
     * @param shape its form
     * @param names the layers that would be tracked
     * @return what {@link #sharedInputs()} of that decoder says
     */
    public static List<List<String>> sharedInputsOf(DecoderShape shape, List<String> names) {
        return TrackedLayers.of(shape, names).sharedInputs();
    }

    /**
     * Says what a decoder would hold for each position of a batch, before its weights are there.
     *
     * @param shape its form
     * @param precision the working precision, of b bytes a number
     * @return what {@link #bytesPerPosition()} of that decoder says: about b · blocks · (5 width + 5 hidden) for a Llama
     */
    public static long bytesPerPositionOf(DecoderShape shape, Precision precision) {
        return PassMemory.bytesPerRow(shape, precision);
    }

    /**
     * Says what a decoder of a form will hold for a batch, before there is one.
     *
     * @param shape its form
     * @param precision its working precision
     * @param positions positions of the batch
     * @return bytes: {@link #bytesPerPositionOf} times the positions, and a block of logits
     */
    public static long bytesOfPass(DecoderShape shape, Precision precision, long positions) {
        return PassMemory.bytes(shape, precision, positions);
    }

    /**
     * Says what a pass of a decoder of a form will cost, before there is one.
     *
     * @param shape its form
     * @param wanted the layers that are captured, among {@link #linearMaps}
     * @param positions positions of a sequence
     * @return flops for each position, forward through the whole model and back to the first of the layers, in products: 2 for
     *     each weight each way, and 4 · positions · heads · w of attention forward, 10 back
     * @throws IllegalArgumentException if there are none, or one is unknown
     */
    public static double flopsPerPositionOf(DecoderShape shape, List<LayerSpec> wanted, double positions) {
        return PassFlops.perRow(shape, wanted, positions);
    }

    /**
     * Makes an independent model with the same weights.
     *
     * @return a model that the caller closes
     */
    public Decoder copy() {
        requireOpen();
        return tracking(layers);
    }

    /**
     * Makes an independent model with other weights in the tracked layers.
     *
     * @param newWeights one [o, i] matrix for each tracked layer, bias in the last column
     * @return a model that the caller closes
     * @throws IllegalArgumentException if the layers are not this model's
     * @throws NumericalException if a weight is NaN or infinite, naming the layer
     */
    public Decoder withWeights(LayerGradients newWeights) {
        newWeights.requireLayers(layers.specs());
        for (LayerSpec layer : layers.specs()) {
            for (double[] row : newWeights.layer(layer.name()).toArray()) {
                for (double weight : row) {
                    if (!Double.isFinite(weight)) {
                        throw new NumericalException("layer " + layer.name() + ": a weight is " + weight);
                    }
                }
            }
        }
        Decoder model = copy();
        for (LayerSpec layer : layers.specs()) {
            backend.upload(newWeights.layer(layer.name()), model.weights.matrix(layer.name()));
        }
        return model;
    }

    /**
     * Returns the form of the model.
     *
     * @return the form
     */
    public DecoderShape shape() {
        return shape;
    }

    /**
     * Returns the backend that computes.
     *
     * @return the backend, which the model does not own
     */
    public MatrixBackend backend() {
        return backend;
    }

    /**
     * Returns the tracked layers: those of the MLPs, unless {@link #tracking} chose others.
     *
     * @return the layers in the order of the model
     */
    @Override
    public List<LayerSpec> layers() {
        return layers.specs();
    }

    /** Parts of one linear map: q, k and v of a block, or the gate and the up projection of an MLP. */
    @Override
    public List<List<String>> sharedInputs() {
        return layers.sharedInputs();
    }

    /**
     * Returns the weights of the tracked layers.
     *
     * @return a copy, one [o, i] matrix for each layer, bias in the last column
     */
    public LayerGradients weights() {
        requireOpen();
        return weights.of(layers.specs());
    }

    /** {@inheritDoc} Hidden states of all blocks, which wait for the way back; logits come by blocks of rows and are not counted. */
    @Override
    public long bytesPerPosition() {
        return bytesPerPositionOf(shape, backend.precision());
    }

    /**
     * Returns the SHA-256 of the form and of all weights.
     *
     * @return hexadecimal digits after {@code sha256:}
     */
    @Override
    public Optional<String> fingerprint() {
        requireOpen();
        MessageDigest digest = Fingerprint.sha256();
        digest.update(shape.toString().getBytes(StandardCharsets.UTF_8));
        double[] numbers = new double[FINGERPRINT_BLOCK];
        ByteBuffer bytes = ByteBuffer.allocate(numbers.length * Double.BYTES);
        BackendMatrix flat = weights.flat();
        for (int start = 0; start < flat.columns(); start += numbers.length) {
            int count = Math.min(numbers.length, flat.columns() - start);
            flat.view(0, 1, start, count).read(0, 1, numbers, 0);
            bytes.clear().asDoubleBuffer().put(numbers, 0, count);
            digest.update(bytes.limit(count * Double.BYTES));
        }
        return Optional.of("sha256:" + Fingerprint.hex(digest));
    }

    /**
     * Computes −log p of every token that is counted.
     *
     * @param batch n sequences
     * @return one row for each sequence, of its number of predictions; 0 where a token is not counted
     * @throws IllegalArgumentException if a sequence is longer than the context or has an unknown token
     */
    public double[][] tokenLosses(ExampleBatch<TokenSequence> batch) {
        requireOpen();
        return work.tokenLosses(batch);
    }

    /**
     * Computes the training loss of each sequence, −log p of all tokens that are counted.
     *
     * @param batch n sequences
     * @return n losses
     * @throws IllegalArgumentException if a sequence is longer than the context or has an unknown token
     */
    public double[] losses(ExampleBatch<TokenSequence> batch) {
        return Arrays.stream(tokenLosses(batch))
                .mapToDouble(row -> Arrays.stream(row).sum())
                .toArray();
    }

    /**
     * Computes the measurement of each query, −log p(completion | prompt).
     *
     * @param batch n queries
     * @return n numbers
     * @throws IllegalArgumentException if a sequence is longer than the context or has an unknown token
     */
    public double[] measurements(ExampleBatch<TokenSequence> batch) {
        return objectives(batch, new Objective.Measurement());
    }

    /**
     * Computes the probabilities of the token that follows a prompt.
     *
     * @param prompt at least one token, fewer than the context
     * @return one number for each token of the vocabulary, their sum is 1
     * @throws IllegalArgumentException if the prompt is empty, fills the context, or has an unknown token
     */
    public double[] nextToken(int... prompt) {
        // any token may stand for the one that is predicted: it is not an input
        TokenSequence sequence = TokenSequence.completion(prompt, new int[1]);
        requireOpen();
        double[] p = work.lastLogits(new ExampleBatch<>(List.of(sequence), new long[1]));
        RowKernels<double[]> kernels = new DoubleKernels();
        kernels.softmax(p.length, p, 0);
        return p;
    }

    /** Vocabulary × context: column k belongs to position k / vocabulary. */
    @Override
    public int outputHessianColumns() {
        long columns = (long) shape.vocabulary() * shape.context();
        if (columns > Integer.MAX_VALUE) {
            throw new IllegalStateException("the exact output Hessian of a vocabulary of " + shape.vocabulary()
                    + " and a context of " + shape.context() + " has " + columns
                    + " columns, more than can be counted: use sampled labels");
        }
        return (int) columns;
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if a layer is not tracked, a sequence is longer than the context or has an unknown
     *     token, or there is no such column of the output Hessian's root
     * @throws NumericalException if a logit is NaN or infinite
     */
    @Override
    public int positions(TokenSequence example) {
        return example.predictions();
    }

    @Override
    public void capture(
            ExampleBatch<TokenSequence> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        requireColumn(objective);
        if (wanted.isEmpty()) {
            return;
        }
        requireOpen();
        work.capture(batch, objective, wanted, sink);
    }

    private void requireColumn(Objective objective) {
        if (objective instanceof Objective.OutputHessianRoot root && root.column() >= outputHessianColumns()) {
            throw new IllegalArgumentException("column of the output Hessian's root must be below "
                    + outputHessianColumns() + ", found " + root.column());
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>A forward pass, a forward pass of the tangents J v, and a backward pass (Pearlmutter 1994; Schraudolph 2002), in
     * about five times the flops of a forward pass.
     */
    @Override
    public LayerGradients product(ExampleBatch<TokenSequence> batch, LayerGradients vector) {
        return products(batch, List.of(vector)).get(0);
    }

    /**
     * {@inheritDoc}
     *
     * <p>The vectors share one forward pass.
     */
    @Override
    public List<LayerGradients> products(ExampleBatch<TokenSequence> batch, List<LayerGradients> vectors) {
        requireOpen();
        return work.products(batch, vectors);
    }

    /** {@inheritDoc} Forward: 2 flops a parameter outside the embeddings and a prediction; 10 more for each vector. */
    @Override
    public double productFlops(ExampleBatch<TokenSequence> batch, int vectors) {
        double predictions = batch.examples().stream()
                .mapToDouble(TokenSequence::predictions)
                .sum();
        double embeddings = (double) shape.width()
                * ((shape.rotary().isPresent() ? 0 : shape.context()) + (shape.tied() ? 0 : shape.vocabulary()));
        return predictions * (shape.parameters() - embeddings) * (2 + 10.0 * vectors);
    }

    @Override
    public Decoder at(LayerGradients offset) {
        offset.requireLayers(layers.specs());
        double[] moved = weights().toFlat();
        double[] by = offset.toFlat();
        Arrays.setAll(moved, k -> moved[k] + by[k]);
        return withWeights(LayerGradients.ofFlat(layers.specs(), moved));
    }

    @Override
    public Optional<Decoder> inFloat64() {
        if (backend.precision() == Precision.FLOAT64) {
            return Optional.of(copy());
        }
        requireOpen();
        MatrixBackend exact = MatrixBackends.named(backend.name(), Precision.FLOAT64);
        Decoder model = new Decoder(exact, true, shape, layers);
        model.setParameters(parameters());
        return Optional.of(model);
    }

    @Override
    public Loss outputLoss() {
        return Loss.SOFTMAX_CROSS_ENTROPY;
    }

    /**
     * {@inheritDoc}
     *
     * @return [n][predictions][vocabulary]: the logits
     */
    @Override
    public double[][][] positionOutputs(ExampleBatch<TokenSequence> batch) {
        requireOpen();
        return work.logits(batch);
    }

    @Override
    public LayerGradients transposedJacobianProduct(ExampleBatch<TokenSequence> batch, double[][][] outputGradients) {
        requireOpen();
        return work.transposedJacobianProduct(batch, outputGradients);
    }

    @Override
    public double[][] positionObjectives(ExampleBatch<TokenSequence> batch, Objective objective) {
        if (!(objective instanceof Objective.TrainingLoss || objective instanceof Objective.Measurement)) {
            throw new UnsupportedOperationException("the model has no value of " + objective);
        }
        return tokenLosses(batch);
    }

    @Override
    public double[][][] embeddings(ExampleBatch<TokenSequence> batch) {
        requireOpen();
        return work.embeddings(batch);
    }

    @Override
    public double[][][] embeddingGradients(ExampleBatch<TokenSequence> batch, Objective objective) {
        requireColumn(objective);
        requireOpen();
        return work.embeddingGradients(batch, objective);
    }

    /** The weights, for training, which changes a model that nobody else has seen yet, and for checkpoints. */
    ParameterMatrices parameterMatrices() {
        return weights;
    }

    /** All parameters in one array, in the order of the {@link ParameterLayout}. */
    double[] parameters() {
        requireOpen();
        double[] flat = new double[weights.flat().columns()];
        weights.flat().read(0, 1, flat, 0);
        return flat;
    }

    void setParameters(double[] flat) {
        backend.upload(Matrix.of(flat, 1, flat.length), weights.flat());
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the model has been closed");
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            work.close();
            weights.close();
            if (ownsBackend) {
                backend.close();
            }
        }
    }
}
