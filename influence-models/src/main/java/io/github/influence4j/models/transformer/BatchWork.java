package io.github.influence4j.models.transformer;

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

    private final MatrixBackend backend;
    private final TransformerShape shape;
    private final TrackedLayers layers;
    private final ParameterMatrices weights;
    private final TransformerPass<A> pass;

    BatchWork(MatrixBackend backend, TrackedLayers layers, ParameterMatrices weights, RowKernels<A> kernels) {
        this.backend = backend;
        this.shape = weights.shape();
        this.layers = layers;
        this.weights = weights;
        this.pass = new TransformerPass<>(backend, weights, kernels);
    }

    private SequenceRows forward(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = new SequenceRows(shape, batch);
        pass.forward(rows);
        return rows;
    }

    private ObjectiveRows<A> objectives() {
        return new ObjectiveRows<>(pass.kernels(), shape.vocabulary(), pass.rows());
    }

    /** −log p of every token but the first, a row for each sequence. */
    double[][] tokenLosses(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = forward(batch);
        double[] flat = new double[rows.rows()];
        pass.loss(objectives().losses(flat));
        double[][] losses = new double[batch.size()][];
        Arrays.setAll(losses, e -> Arrays.copyOfRange(flat, rows.start(e), rows.start(e) + rows.length(e)));
        return losses;
    }

    /** The logits [n][predictions][vocabulary]; refuses those that are not finite. */
    double[][][] logits(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = forward(batch);
        ObjectiveRows<A> objectives = objectives();
        pass.loss((sequence, row, logits, start) -> {
            objectives.requireFinite(sequence, row, logits, start);
            return 0;
        });
        return byPosition(rows, pass.logits());
    }

    /** The logits of the last position of a batch of one sequence. */
    double[] lastLogits(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = forward(batch);
        return pass.logits().rows(rows.rows() - 1, 1).toArray()[0];
    }

    private static double[][][] byPosition(SequenceRows rows, Matrix matrix) {
        double[][] flat = matrix.toArray();
        double[][][] result = new double[rows.sequences()][][];
        Arrays.setAll(result, e -> Arrays.copyOfRange(flat, rows.start(e), rows.start(e) + rows.length(e)));
        return result;
    }

    /** Captures some tracked layers, from the last to the first. */
    void capture(ExampleBatch<TokenSequence> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        int lowest = layers.lowestStage(shape, wanted);
        SequenceRows rows = forward(batch);
        pass.loss(objectives().gradient(objective));
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
                pass.tangents(direction);
                pass.outputHessian();
                products.add(trackedGradients(pass.moves(), result));
            }
        }
        return products;
    }

    private LayerGradients trackedGradients(BackendMatrix atLogits, ParameterMatrices result) {
        pass.backward(
                atLogits,
                layers.lowestStage(shape, layers.specs()),
                (map, block, inputs, gradients) ->
                        backend.multiply(Operand.transposed(gradients), Operand.of(inputs), result.map(map, block)));
        return result.of(layers.specs());
    }

    /** Σ_z J_zᵀ u_z with gradients at the logits [n][predictions][vocabulary]. */
    LayerGradients transposedJacobianProduct(ExampleBatch<TokenSequence> batch, double[][][] outputGradients) {
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

    /** The rows of the embedding of each input token [n][predictions][width]. */
    double[][][] embeddings(ExampleBatch<TokenSequence> batch) {
        SequenceRows rows = new SequenceRows(shape, batch);
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

    /** The gradients of an objective at them. */
    double[][][] embeddingGradients(ExampleBatch<TokenSequence> batch, Objective objective) {
        SequenceRows rows = forward(batch);
        pass.loss(objectives().gradient(objective));
        pass.backward(pass.logits(), TransformerPass.EMBEDDINGS, (map, block, inputs, gradients) -> {});
        return byPosition(rows, pass.inputGradients());
    }

    @Override
    public void close() {
        pass.close();
    }
}
