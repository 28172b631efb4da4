package io.github.influence4j.models.transformer;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * A decoder transformer whose weights do not change.
 *
 * <p>The training loss of a sequence is Σ −log p(token | tokens before it) over all tokens but the first; the measurement is
 * the same sum over the tokens after the prompt. Position p of a capture predicts token p + 1; shorter sequences of a batch
 * are padded and masked in captures, but cost nothing in the passes.
 *
 * <p>A pass over R predictions costs about 2R(P − E) flops forward and 4R(P − E) more with the gradients, for P parameters of
 * which E are in the embeddings, and the attention's; memory is for the activations of the largest batch seen. Captures are
 * views of memory that the next call uses again. Not safe for use by several threads at once; {@link #copy} makes an
 * independent model. Whoever made a model closes it, before the backend.
 */
public final class Transformer
        implements OutputHessianRoots<TokenSequence>, CurvatureProduct<TokenSequence>, AutoCloseable {

    private final MatrixBackend backend;
    private final TransformerShape shape;
    private final Set<Tracked> tracked;
    private final TrackedLayers layers;
    private final ParameterMatrices weights;
    private final TransformerPass<?> pass;
    private boolean closed;

    private Transformer(MatrixBackend backend, TransformerShape shape, Set<Tracked> tracked) {
        this.backend = backend;
        this.shape = shape;
        this.tracked = tracked;
        this.layers = new TrackedLayers(shape, tracked);
        this.weights = new ParameterMatrices(backend, shape);
        this.pass = pass(RowKernels.of(backend.precision()));
    }

    private <A> TransformerPass<A> pass(RowKernels<A> kernels) {
        return new TransformerPass<>(backend, weights, kernels);
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
    public static Transformer create(MatrixBackend backend, TransformerShape shape, long seed) {
        Transformer model = new Transformer(backend, shape, EnumSet.of(Tracked.MLP));
        model.setParameters(initial(shape, new Random(seed)));
        return model;
    }

    private static double[] initial(TransformerShape shape, Random random) {
        ParameterLayout layout = ParameterLayout.of(shape);
        double[] flat = new double[layout.size()];
        double residual = 1 / Math.sqrt(2 * shape.blocks());
        for (ParameterLayout.Parameter p : layout.parameters()) {
            if (!p.decayed()) {
                Arrays.fill(flat, p.offset(), p.offset() + p.columns(), 1);
                continue;
            }
            boolean bias = p.name().contains(".mlp.");
            int inputs = bias ? p.columns() - 1 : p.columns();
            boolean intoStream =
                    p.name().endsWith("attention.output") || p.name().endsWith("mlp.proj");
            double deviation = (intoStream ? residual : 1) / Math.sqrt(inputs);
            for (int k = 0; k < p.size(); k++) {
                flat[p.offset() + k] = bias && k % p.columns() == inputs ? 0 : deviation * random.nextGaussian();
            }
        }
        return flat;
    }

    /**
     * Makes an independent model with the same weights that tracks these kinds of layers.
     *
     * @param kinds at least one; {@link Tracked#HEAD} only where it is not tied
     * @return a model that the caller closes
     * @throws IllegalArgumentException if there are no such layers
     */
    public Transformer tracking(Set<Tracked> kinds) {
        requireOpen();
        Transformer model = new Transformer(backend, shape, Set.copyOf(kinds));
        backend.upload(weights.flat(), model.weights.flat());
        return model;
    }

    /**
     * Makes an independent model with the same weights.
     *
     * @return a model that the caller closes
     */
    public Transformer copy() {
        return tracking(tracked);
    }

    /**
     * Makes an independent model with other weights in the tracked layers.
     *
     * @param newWeights one [o, i] matrix for each tracked layer, bias in the last column
     * @return a model that the caller closes
     * @throws IllegalArgumentException if the layers are not this model's
     * @throws NumericalException if a weight is NaN or infinite, naming the layer
     */
    public Transformer withWeights(LayerGradients newWeights) {
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
        Transformer model = copy();
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
    public TransformerShape shape() {
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

    /**
     * Returns the weights of the tracked layers.
     *
     * @return a copy, one [o, i] matrix for each layer, bias in the last column
     */
    public LayerGradients weights() {
        requireOpen();
        return LayerGradients.of(
                layers.specs(),
                layers.specs().stream()
                        .<Matrix>map(layer -> weights.matrix(layer.name()))
                        .toList());
    }

    /**
     * Returns the SHA-256 of the form and of all weights.
     *
     * @return hexadecimal digits after {@code sha256:}
     */
    @Override
    public Optional<String> fingerprint() {
        double[] flat = parameters();
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(flat.length, Double.BYTES));
        bytes.asDoubleBuffer().put(flat);
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(shape.toString().getBytes(StandardCharsets.UTF_8));
            digest.update(bytes);
            return Optional.of("sha256:" + HexFormat.of().formatHex(digest.digest()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * Computes −log p of every token of every sequence but the first.
     *
     * @param batch n sequences
     * @return one row for each sequence, of its number of predictions
     * @throws IllegalArgumentException if a sequence is longer than the context or has an unknown token
     */
    public double[][] tokenLosses(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = forward(batch);
        double[] flat = new double[rows.rows()];
        storeLosses(pass, flat);
        double[][] losses = new double[batch.size()][];
        Arrays.setAll(losses, e -> Arrays.copyOfRange(flat, rows.start(e), rows.start(e) + rows.length(e)));
        return losses;
    }

    private <A> void storeLosses(TransformerPass<A> on, double[] results) {
        on.loss(new ObjectiveRows<>(on.kernels(), shape.vocabulary(), on.rows()).losses(results));
    }

    /**
     * Computes the training loss of each sequence, −log p of all tokens after the first.
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
        double[][] losses = tokenLosses(batch);
        double[] sums = new double[losses.length];
        Arrays.setAll(sums, e -> Arrays.stream(losses[e])
                .skip(batch.examples().get(e).prompt() - 1)
                .sum());
        return sums;
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
        forward(new ExampleBatch<>(List.of(sequence), new long[1]));
        double[] p = pass.logits().rows(prompt.length - 1, 1).toArray()[0];
        RowKernels<double[]> kernels = new DoubleKernels();
        kernels.softmax(p.length, p, 0);
        return p;
    }

    /** Vocabulary × predictions of the longest sequence: column k belongs to position k / vocabulary. */
    @Override
    public int outputHessianColumns() {
        return Math.multiplyExact(shape.vocabulary(), shape.context() - 1);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if a layer is not tracked, a sequence is longer than the context or has an unknown
     *     token, or there is no such column of the output Hessian's root
     * @throws NumericalException if a logit is NaN or infinite
     */
    @Override
    public void capture(
            ExampleBatch<TokenSequence> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        if (objective instanceof Objective.OutputHessianRoot root && root.column() >= outputHessianColumns()) {
            throw new IllegalArgumentException("column of the output Hessian's root must be below "
                    + outputHessianColumns() + ", found " + root.column());
        }
        if (wanted.isEmpty()) {
            return;
        }
        int lowest = layers.lowestStage(shape, wanted);
        SequenceRows rows = forward(batch);
        objectiveGradients(pass, objective);
        PositionMask mask = rows.mask();
        pass.backward(pass.logits(), lowest, (map, block, inputs, gradients) -> {
            for (TrackedLayers.TrackedLayer layer : layers.of(map, block, wanted)) {
                LayerSpec spec = layer.spec();
                Matrix activations = inputs.view(0, rows.rows(), 0, spec.inputs());
                Matrix outputs = gradients.view(0, rows.rows(), layer.firstOutput(), spec.outputs());
                sink.accept(LayerCapture.of(
                                spec,
                                rows.sequences(),
                                rows.longest(),
                                padded(activations, rows),
                                padded(outputs, rows))
                        .withMask(mask));
            }
        });
    }

    private static Matrix padded(Matrix matrix, SequenceRows rows) {
        return rows.rows() == rows.sequences() * rows.longest() ? matrix : new PaddedRows(matrix, rows);
    }

    private <A> void objectiveGradients(TransformerPass<A> on, Objective objective) {
        on.loss(new ObjectiveRows<>(on.kernels(), shape.vocabulary(), on.rows()).gradient(objective));
    }

    /**
     * {@inheritDoc}
     *
     * <p>A forward pass, a forward pass of the tangents J v, and a backward pass (Pearlmutter 1994; Schraudolph 2002), in
     * about five times the flops of a forward pass.
     */
    @Override
    public LayerGradients product(ExampleBatch<TokenSequence> batch, LayerGradients vector) {
        vector.requireLayers(layers.specs());
        forward(batch);
        try (ParameterMatrices direction = new ParameterMatrices(backend, shape);
                ParameterMatrices result = new ParameterMatrices(backend, shape)) {
            for (LayerSpec layer : layers.specs()) {
                backend.upload(vector.layer(layer.name()), direction.matrix(layer.name()));
            }
            pass.tangents(direction);
            pass.outputHessian();
            pass.backward(pass.moves(), layers.lowestStage(shape, layers.specs()), weightGradients(result));
            return LayerGradients.of(
                    layers.specs(),
                    layers.specs().stream()
                            .<Matrix>map(layer -> result.matrix(layer.name()))
                            .toList());
        }
    }

    private LinearMapVisitor weightGradients(ParameterMatrices result) {
        return (map, block, inputs, gradients) ->
                backend.multiply(Operand.transposed(gradients), Operand.of(inputs), result.map(map, block));
    }

    /** Computes the mean loss over a batch's predictions and its gradient in every parameter. For training. */
    double lossAndGradients(ExampleBatch<TokenSequence> batch, ParameterMatrices gradients) {
        forward(batch);
        double loss = meanLoss(pass);
        pass.backward(pass.logits(), TransformerPass.EMBEDDINGS, weightGradients(gradients));
        pass.addRemainingGradients(gradients);
        return loss;
    }

    private <A> double meanLoss(TransformerPass<A> on) {
        double sum = on.loss(new ObjectiveRows<>(on.kernels(), shape.vocabulary(), on.rows()).mean());
        return sum / on.rows().rows();
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

    private SequenceRows forward(ExampleBatch<TokenSequence> batch) {
        requireOpen();
        SequenceRows rows = new SequenceRows(shape, batch);
        pass.forward(rows);
        return rows;
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
            pass.close();
            weights.close();
        }
    }
}
