package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.RotatedGradients;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.Reciprocals;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Self-influence in the eigenbasis: Σ_{o,i} P_z² / (Λ+λ) with P_z = Q_Sᵀ G_z Q_A, which needs no rotation back. With
 * few positions P_z² is summed over pairs of them, and never formed; but where the terms of an example cancel, its gradient is formed
 * after all, as the roundoff of the terms would be most of what is left.
 */
final class EigenbasisSelfPass implements SelfPass {

    /** Of the magnitudes of an example's terms, what must be left of their sum: 4 of 24 bits are lost at most. */
    private static final double CANCELLED = 1.0 / 16;

    private final MatrixBackend backend;
    private final EigenbasisSolver solver;
    private final Rotation rotation;
    private final SelfScores sums;
    private final RotatedGradients rotated;
    private final Scratch weighted;
    private final Scratch results;
    private final Map<Integer, BackendMatrix> ones = new HashMap<>();
    private double[] host = {};
    /** By example of a capture: the sum over pairs of positions, and that of the terms' magnitudes. */
    private double[] sum = {};

    private double[] magnitude = {};

    /**
     * Starts a pass.
     *
     * @param sums receives the scores
     */
    EigenbasisSelfPass(MatrixBackend backend, EigenbasisSolver solver, Rotation rotation, SelfScores sums) {
        this.backend = backend;
        this.solver = solver;
        this.rotation = rotation;
        this.sums = sums;
        this.rotated = new RotatedGradients(backend, rotation);
        this.weighted = new Scratch(backend);
        this.results = new Scratch(backend);
    }

    @Override
    public void add(int firstExample, UploadedCapture capture) {
        int layer = capture.layerIndex();
        BackendMatrix weights =
                solver.reciprocals(layer).map(Reciprocals::values).orElseGet(() -> ones(layer, capture.layer()));
        if (rotated.cost(capture, basis(layer)).sumsPairs(rotation)) {
            addByPairs(firstExample, capture, weights);
        } else if (rotated.cost(capture, basis(layer)).squaresTiles(rotation)) {
            addByTiles(firstExample, capture, weights);
        } else {
            addByGradients(firstExample, capture, weights);
        }
    }

    /** Each tile has a sum of its own, so that it does not matter which core takes it. */
    private void addByTiles(int firstExample, UploadedCapture capture, BackendMatrix weights) {
        int inputs = capture.layer().gradientColumns();
        int tiles = rotated.cost(capture, basis(capture.layerIndex())).tiles();
        rotated.forEach(capture, basis(capture.layerIndex()), chunk -> {
            BackendMatrix scores = results.take(chunk.examples(), tiles);
            chunk.forEachTile((z, examples, tile, first, gradients) -> {
                int outputs = gradients.rows() / examples;
                backend.multiplyElements(gradients, gradients, gradients);
                backend.multiply(
                        Operand.of(gradients.reshape(examples, outputs * inputs)),
                        Operand.of(weights.rows(first, outputs).reshape(outputs * inputs, 1)),
                        scores.view(z, examples, tile, 1));
            });
            double[] values = read(scores);
            for (int e = 0; e < chunk.examples(); e++) {
                double score = 0;
                for (int tile = 0; tile < tiles; tile++) {
                    score += values[e * tiles + tile];
                }
                add(capture, firstExample + chunk.firstExample() + e, score);
            }
        });
    }

    private void addByGradients(int firstExample, UploadedCapture capture, BackendMatrix weights) {
        int layer = capture.layerIndex();
        int inputs = capture.layer().gradientColumns();
        rotated.forEach(capture, basis(layer), chunk -> {
            BackendMatrix scores = results.take(chunk.examples(), 1);
            chunk.forEach((first, outputs, gradients) -> {
                backend.multiplyElements(gradients, gradients, gradients);
                Operand squares = Operand.of(gradients.reshape(chunk.examples(), outputs * inputs));
                BackendMatrix tile = weights.rows(first, outputs).reshape(outputs * inputs, 1);
                backend.multiply(1, squares, Operand.of(tile), first == 0 ? 0 : 1, scores);
            });
            double[] values = read(scores);
            for (int e = 0; e < chunk.examples(); e++) {
                add(capture, firstExample + chunk.firstExample() + e, values[e]);
            }
        });
    }

    /** Takes the scales out: each of the two gradients has that of the capture. */
    private void add(UploadedCapture capture, int example, double score) {
        int layer = capture.layerIndex();
        sums.add(layer, example, Math.scalb(score, -2 * capture.exponent() - solver.exponent(layer)));
    }

    private double[] read(BackendMatrix scores) {
        int numbers = scores.rows() * scores.columns();
        if (host.length < numbers) {
            host = new double[numbers];
        }
        scores.read(0, scores.rows(), host, 0);
        return host;
    }

    /** Σ over pairs of positions of weight · gᵀ W a, with a and g the products of the vectors of the pair. */
    private void addByPairs(int firstExample, UploadedCapture capture, BackendMatrix weights) {
        int layer = capture.layerIndex();
        sum = new double[capture.examples()];
        magnitude = new double[capture.examples()];
        rotated.forEachPair(capture, basis(layer), pairs -> {
            BackendMatrix a = pairs.activations();
            BackendMatrix gw = weighted.take(a.rows(), a.columns());
            backend.multiply(Operand.of(pairs.outputGradients()), Operand.of(weights), gw);
            int numbers = a.rows() / pairs.examples() * a.columns();
            BackendMatrix scores = results.take(pairs.examples(), 1);
            backend.rowDots(1, gw.reshape(pairs.examples(), numbers), a.reshape(pairs.examples(), numbers), scores);
            double[] values = read(scores);
            for (int e = 0; e < pairs.examples(); e++) {
                sum[pairs.firstExample() + e] += pairs.weight() * values[e];
                magnitude[pairs.firstExample() + e] += pairs.weight() * Math.abs(values[e]);
            }
        });
        for (int e = 0; e < capture.examples(); e++) {
            if (sum[e] < CANCELLED * magnitude[e]) {
                addByGradients(firstExample + e, capture.examples(e, 1), weights);
            } else {
                add(capture, firstExample + e, sum[e]);
            }
        }
    }

    private Optional<LayerEigenbasis> basis(int layer) {
        // the identity is the same in every basis, so it needs no rotation
        return solver.reciprocals(layer).isPresent() ? solver.basis(layer) : Optional.empty();
    }

    private BackendMatrix ones(int layer, LayerSpec spec) {
        return ones.computeIfAbsent(layer, l -> {
            BackendMatrix result = backend.zeros(spec.outputs(), spec.gradientColumns());
            try (BackendMatrix zeros = backend.zeros(spec.outputs(), spec.gradientColumns(), Precision.FLOAT64)) {
                backend.shiftedReciprocal(zeros, 1, result);
            }
            return result;
        });
    }

    @Override
    public void close() {
        rotated.close();
        weighted.close();
        results.close();
        ones.values().forEach(BackendMatrix::close);
    }
}
