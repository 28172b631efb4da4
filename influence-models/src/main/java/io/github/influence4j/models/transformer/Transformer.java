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
import io.github.influence4j.api.OutputLoss;
import io.github.influence4j.api.PerturbableModel;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
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
        implements OutputHessianRoots<TokenSequence>, CurvatureProduct<TokenSequence>, PerturbableModel<TokenSequence> {

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
        requireColumn(objective);
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

    private void requireColumn(Objective objective) {
        if (objective instanceof Objective.OutputHessianRoot root && root.column() >= outputHessianColumns()) {
            throw new IllegalArgumentException("column of the output Hessian's root must be below "
                    + outputHessianColumns() + ", found " + root.column());
        }
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
        return products(batch, List.of(vector)).get(0);
    }

    /**
     * {@inheritDoc}
     *
     * <p>The vectors share one forward pass.
     */
    @Override
    public List<LayerGradients> products(ExampleBatch<TokenSequence> batch, List<LayerGradients> vectors) {
        vectors.forEach(vector -> vector.requireLayers(layers.specs()));
        forward(batch);
        List<LayerGradients> products = new ArrayList<>(vectors.size());
        try (ParameterMatrices direction = new ParameterMatrices(backend, shape);
                ParameterMatrices result = new ParameterMatrices(backend, shape)) {
            for (LayerGradients vector : vectors) {
                for (LayerSpec layer : layers.specs()) {
                    backend.upload(vector.layer(layer.name()), direction.matrix(layer.name()));
                }
                pass.tangents(direction);
                pass.outputHessian();
                products.add(trackedGradients(pass.moves(), result));
            }
        }
        return products;
    }

    /** {@inheritDoc} Forward: 2 flops a parameter outside the embeddings and a prediction; 10 more for each vector. */
    @Override
    public double productFlops(ExampleBatch<TokenSequence> batch, int vectors) {
        double predictions = batch.examples().stream()
                .mapToDouble(TokenSequence::predictions)
                .sum();
        double embeddings = (double) shape.width() * (shape.context() + (shape.tied() ? 0 : shape.vocabulary()));
        return predictions * (shape.parameters() - embeddings) * (2 + 10.0 * vectors);
    }

    private LayerGradients trackedGradients(BackendMatrix atLogits, ParameterMatrices result) {
        pass.backward(atLogits, layers.lowestStage(shape, layers.specs()), weightGradients(result));
        return LayerGradients.of(
                layers.specs(),
                layers.specs().stream()
                        .<Matrix>map(layer -> result.matrix(layer.name()))
                        .toList());
    }

    @Override
    public Transformer at(LayerGradients offset) {
        offset.requireLayers(layers.specs());
        double[] moved = weights().toFlat();
        double[] by = offset.toFlat();
        Arrays.setAll(moved, k -> moved[k] + by[k]);
        return withWeights(LayerGradients.ofFlat(layers.specs(), moved));
    }

    @Override
    public OutputLoss outputLoss() {
        return OutputLoss.SOFTMAX_CROSS_ENTROPY;
    }

    /**
     * {@inheritDoc}
     *
     * @return [n][predictions][vocabulary]: the logits
     */
    @Override
    public double[][][] positionOutputs(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = forward(batch);
        requireFiniteLogits(pass);
        return byPosition(rows, pass.logits());
    }

    private <A> void requireFiniteLogits(TransformerPass<A> on) {
        ObjectiveRows<A> objectives = new ObjectiveRows<>(on.kernels(), shape.vocabulary(), on.rows());
        on.loss((sequence, row, logits, start) -> {
            objectives.requireFinite(sequence, row, logits, start);
            return 0;
        });
    }

    private static double[][][] byPosition(SequenceRows rows, Matrix matrix) {
        double[][] flat = matrix.toArray();
        double[][][] result = new double[rows.sequences()][][];
        Arrays.setAll(result, e -> Arrays.copyOfRange(flat, rows.start(e), rows.start(e) + rows.length(e)));
        return result;
    }

    @Override
    public LayerGradients transposedJacobianProduct(ExampleBatch<TokenSequence> batch, double[][][] outputGradients) {
        SequenceRows rows = forward(batch);
        if (outputGradients.length != rows.sequences()) {
            throw new IllegalArgumentException(
                    "output gradients of " + outputGradients.length + " examples for a batch of " + rows.sequences());
        }
        double[][] flat = new double[rows.rows()][];
        for (int e = 0; e < rows.sequences(); e++) {
            if (outputGradients[e].length != rows.length(e)) {
                throw new IllegalArgumentException("example " + rows.id(e) + ": output gradients of "
                        + outputGradients[e].length + " positions, expected " + rows.length(e));
            }
            for (int p = 0; p < rows.length(e); p++) {
                if (outputGradients[e][p].length != shape.vocabulary()) {
                    throw new IllegalArgumentException("example " + rows.id(e) + ", position " + p
                            + ": output gradients of " + outputGradients[e][p].length + " outputs, expected "
                            + shape.vocabulary());
                }
                flat[rows.start(e) + p] = outputGradients[e][p];
            }
        }
        backend.upload(Matrix.of(flat), pass.logits());
        try (ParameterMatrices result = new ParameterMatrices(backend, shape)) {
            return trackedGradients(pass.logits(), result);
        }
    }

    @Override
    public double[][] positionObjectives(ExampleBatch<TokenSequence> batch, Objective objective) {
        if (!(objective instanceof Objective.TrainingLoss || objective instanceof Objective.Measurement)) {
            throw new UnsupportedOperationException("the model has no value of " + objective);
        }
        double[][] losses = tokenLosses(batch);
        for (int e = 0; objective instanceof Objective.Measurement && e < losses.length; e++) {
            Arrays.fill(losses[e], 0, batch.examples().get(e).prompt() - 1, 0);
        }
        return losses;
    }

    @Override
    public double[][][] embeddings(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = new SequenceRows(shape, batch);
        requireOpen();
        double[][] table = weights.matrix("embedding").toArray();
        double[][][] result = new double[rows.sequences()][][];
        for (int e = 0; e < result.length; e++) {
            result[e] = new double[rows.length(e)][];
            for (int p = 0; p < result[e].length; p++) {
                result[e][p] = table[rows.input(rows.start(e) + p)].clone();
            }
        }
        return result;
    }

    @Override
    public double[][][] embeddingGradients(ExampleBatch<TokenSequence> batch, Objective objective) {
        requireColumn(objective);
        SequenceRows rows = forward(batch);
        objectiveGradients(pass, objective);
        pass.backward(pass.logits(), TransformerPass.EMBEDDINGS, (map, block, inputs, gradients) -> {});
        return byPosition(rows, pass.inputGradients());
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
