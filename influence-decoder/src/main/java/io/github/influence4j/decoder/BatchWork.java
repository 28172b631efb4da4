package io.github.influence4j.decoder;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What is computed from a batch: losses, captures, and products with the Gauss-Newton matrix and with the Jacobian of the
 * logits. Each starts with a forward pass.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class BatchWork<A> implements AutoCloseable {

    private static final Head.Rows NOTHING = (first, states, results) -> {};

    private final MatrixBackend backend;
    private final DecoderShape shape;
    private final TrackedLayers layers;
    private final ParameterMatrices weights;
    private final DecoderPass<A> pass;
    private final Buffer headInputs;
    private final Buffer headOutputs;

    BatchWork(MatrixBackend backend, TrackedLayers layers, ParameterMatrices weights, RowKernels<A> kernels) {
        this.backend = backend;
        this.shape = weights.shape();
        this.layers = layers;
        this.weights = weights;
        this.pass = new DecoderPass<>(backend, weights, kernels);
        this.headInputs = new Buffer(backend);
        this.headOutputs = new Buffer(backend);
    }

    private SequenceRows forward(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = SequenceRows.of(shape, batch);
        pass.forward(rows);
        return rows;
    }

    private ObjectiveRows<A> objectives() {
        return new ObjectiveRows<>(pass.kernels(), shape.vocabulary(), pass.rows());
    }

    /** −log p of the label of each position, 0 where it is not counted, a row for each sequence. */
    double[][] tokenLosses(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = forward(batch);
        double[] flat = new double[rows.rows()];
        pass.head(objectives().losses(flat), NOTHING);
        double[][] losses = new double[batch.size()][];
        Arrays.setAll(losses, e -> Arrays.copyOfRange(flat, rows.start(e), rows.start(e) + rows.length(e)));
        return losses;
    }

    /** The logits [n][predictions][vocabulary]; refuses those that are not finite. */
    double[][][] logits(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = forward(batch);
        ObjectiveRows<A> objectives = objectives();
        double[][] flat = new double[rows.rows()][];
        pass.head(
                (example, row, logits, start) -> {
                    objectives.requireFinite(example, row, logits, start);
                    return 0;
                },
                (first, states, logits) -> System.arraycopy(atOnce(logits), 0, flat, first, logits.rows()));
        return byPosition(rows, flat);
    }

    /** The logits of the last position of a batch of one sequence. */
    double[] lastLogits(ExampleBatch<TokenSequence> batch) {
        double[][] all = logits(batch)[0];
        return all[all.length - 1];
    }

    private static double[][][] byPosition(SequenceRows rows, double[][] flat) {
        double[][][] result = new double[rows.examples()][][];
        Arrays.setAll(result, e -> Arrays.copyOfRange(flat, rows.start(e), rows.start(e) + rows.length(e)));
        return result;
    }

    /** Captures some tracked layers, from the last to the first. */
    void capture(ExampleBatch<TokenSequence> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        int lowest = layers.lowestStage(shape, wanted);
        SequenceRows rows = forward(batch);
        PositionMask mask = rows.mask();
        pass.backward(objectives().gradient(objective), lowest, (map, block, first, inputs, gradients) -> {
            for (TrackedLayers.TrackedLayer layer : layers.of(map, block, wanted)) {
                LayerSpec spec = layer.spec();
                BackendMatrix outputs = gradients.view(0, gradients.rows(), layer.firstOutput(), spec.outputs());
                if (gradients.rows() == rows.rows()) {
                    push(spec, rows, mask, inputs, outputs, sink);
                } else {
                    pushHead(spec, rows, mask, first, inputs, outputs, sink);
                }
            }
        });
    }

    /** The head comes in blocks of rows, which are put together. */
    private void pushHead(
            LayerSpec spec,
            SequenceRows rows,
            PositionMask mask,
            int first,
            BackendMatrix inputs,
            BackendMatrix outputs,
            CaptureSink sink) {
        BackendMatrix allInputs = headInputs.as(rows.rows(), inputs.columns());
        BackendMatrix allOutputs = headOutputs.as(rows.rows(), outputs.columns());
        backend.upload(inputs, allInputs.rows(first, inputs.rows()));
        backend.upload(outputs, allOutputs.rows(first, outputs.rows()));
        if (first + outputs.rows() == rows.rows()) {
            push(spec, rows, mask, allInputs, allOutputs, sink);
        }
    }

    private void push(
            LayerSpec spec,
            SequenceRows rows,
            PositionMask mask,
            BackendMatrix inputs,
            BackendMatrix outputs,
            CaptureSink sink) {
        Matrix activations = inputs.view(0, rows.rows(), 0, spec.inputs());
        sink.accept(
                LayerCapture.of(spec, rows.examples(), rows.longest(), padded(activations, rows), padded(outputs, rows))
                        .withMask(mask));
    }

    private static Matrix padded(Matrix matrix, SequenceRows rows) {
        return rows.rows() == rows.examples() * rows.longest() ? matrix : new PaddedRows(matrix, rows);
    }

    /** Gauss-Newton products with some vectors; they share one forward pass. */
    List<LayerGradients> products(ExampleBatch<TokenSequence> batch, List<LayerGradients> vectors) {
        vectors.forEach(vector -> vector.requireLayers(layers.specs()));
        forward(batch);
        List<LayerGradients> products = new ArrayList<>(vectors.size());
        try (ParameterMatrices direction = new ParameterMatrices(backend, shape);
                ParameterMatrices result = new ParameterMatrices(backend, shape)) {
            for (LayerGradients vector : vectors) {
                for (LayerSpec layer : layers.specs()) {
                    backend.upload(vector.layer(layer.name()), direction.matrix(layer.name()));
                }
                pass.gaussNewton(direction, lowest(), into(result));
                products.add(result.of(layers.specs()));
            }
        }
        return products;
    }

    private int lowest() {
        return layers.lowestStage(shape, layers.specs());
    }

    private LinearMapVisitor into(ParameterMatrices result) {
        return (map, block, first, inputs, gradients) -> backend.multiply(
                1, Operand.transposed(gradients), Operand.of(inputs), first == 0 ? 0 : 1, result.map(map, block));
    }

    /** Σ_z J_zᵀ u_z with gradients at the logits [n][predictions][vocabulary]. */
    LayerGradients transposedJacobianProduct(ExampleBatch<TokenSequence> batch, double[][][] outputGradients) {
        SequenceRows rows = forward(batch);
        if (outputGradients.length != rows.examples()) {
            throw new IllegalArgumentException(
                    "output gradients of " + outputGradients.length + " examples for a batch of " + rows.examples());
        }
        double[][] flat = new double[rows.rows()][];
        for (int e = 0; e < rows.examples(); e++) {
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
        try (ParameterMatrices result = new ParameterMatrices(backend, shape)) {
            pass.backwardFrom(Matrix.of(flat), lowest(), into(result));
            return result.of(layers.specs());
        }
    }

    /** The rows of the embedding of each input token [n][predictions][width]. */
    double[][][] embeddings(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = SequenceRows.of(shape, batch);
        try (BackendMatrix all = backend.zeros(rows.rows(), shape.width())) {
            new Embedding(backend, weights).tokens(rows, all);
            return byPosition(rows, atOnce(all));
        }
    }

    /** The gradients of an objective at them. */
    double[][][] embeddingGradients(ExampleBatch<TokenSequence> batch, Objective objective) {
        SequenceRows rows = forward(batch);
        pass.backward(objectives().gradient(objective), DecoderPass.EMBEDDINGS, LinearMapVisitor.NONE);
        return byPosition(rows, atOnce(pass.inputGradients()));
    }

    /** The rows of a matrix, in one transfer. */
    private static double[][] atOnce(BackendMatrix matrix) {
        double[] flat = new double[Math.multiplyExact(matrix.rows(), matrix.columns())];
        matrix.read(0, matrix.rows(), flat, 0);
        double[][] rows = new double[matrix.rows()][];
        Arrays.setAll(rows, r -> Arrays.copyOfRange(flat, r * matrix.columns(), (r + 1) * matrix.columns()));
        return rows;
    }

    @Override
    public void close() {
        pass.close();
        headInputs.close();
        headOutputs.close();
    }
}
