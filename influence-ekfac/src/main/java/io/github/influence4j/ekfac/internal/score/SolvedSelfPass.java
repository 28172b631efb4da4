package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.ekfac.internal.factor.Scale;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * Self-influence with a solver of which nothing is known: collects the gradients of a batch at all layers, then solves once
 * an example. Holds n·D float64 numbers for a batch of n examples and D parameters.
 */
final class SolvedSelfPass implements SelfPass {

    private final MatrixBackend backend;
    private final IhvpSolver solver;
    private final List<LayerSpec> layers;
    private final SelfScores sums;
    private final double[][][] gradients;
    private int collected;

    /**
     * Starts a pass.
     *
     * @param sums receives the scores
     */
    SolvedSelfPass(MatrixBackend backend, IhvpSolver solver, List<LayerSpec> layers, SelfScores sums) {
        this.backend = backend;
        this.solver = solver;
        this.layers = layers;
        this.sums = sums;
        this.gradients = new double[layers.size()][][];
    }

    @Override
    public void add(int firstExample, UploadedCapture capture) {
        LayerSpec layer = capture.layer();
        try (BackendMatrix stacked = backend.zeros(capture.examples() * layer.outputs(), layer.gradientColumns())) {
            Operand g = Operand.transposed(capture.outputGradients());
            backend.multiplyBatch(capture.examples(), 1, g, Operand.of(capture.activations()), 0, stacked);
            gradients[capture.layerIndex()] = stacked.reshape(capture.examples(), Math.toIntExact(layer.parameters()))
                    .toArray();
            for (double[] row : gradients[capture.layerIndex()]) {
                Scale.multiply(row, row.length, -capture.exponent());
            }
        }
        collected++;
        if (collected == layers.size()) {
            collected = 0;
            for (int e = 0; e < capture.examples(); e++) {
                solve(firstExample, e);
            }
        }
    }

    private void solve(int firstExample, int example) {
        List<Matrix> parts = new ArrayList<>();
        for (int l = 0; l < layers.size(); l++) {
            LayerSpec layer = layers.get(l);
            parts.add(Matrix.of(gradients[l][example], layer.outputs(), layer.gradientColumns()));
        }
        LayerGradients solution = solver.solve(LayerGradients.of(layers, parts));
        double[] flat = solution.toFlat();
        int start = 0;
        for (int l = 0; l < layers.size(); l++) {
            double sum = 0;
            for (double gradient : gradients[l][example]) {
                sum += gradient * flat[start++];
            }
            sums.add(l, firstExample + example, sum);
        }
    }

    @Override
    public void close() {
        // holds nothing that needs to be freed
    }
}
