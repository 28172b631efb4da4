package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.RotatedGradients;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions.Rotation;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Self-influence in the eigenbasis: Σ_{o,i} P_z² / (Λ+λ) with P_z = Q_Sᵀ G_z Q_A, which needs no rotation back. With
 * few positions P_z² is summed over pairs of them, and never formed.
 */
final class EigenbasisSelfPass implements SelfPass {

    private final MatrixBackend backend;
    private final EigenbasisSolver solver;
    private final Rotation rotation;
    private final double[][] perLayer;
    private final RotatedGradients rotated;
    private final Scratch weighted;
    private final Scratch results;
    private final Map<Integer, BackendMatrix> ones = new HashMap<>();
    private double[] host = {};

    /**
     * Starts a pass.
     *
     * @param perLayer [layers, train], receives the scores
     */
    EigenbasisSelfPass(MatrixBackend backend, EigenbasisSolver solver, Rotation rotation, double[][] perLayer) {
        this.backend = backend;
        this.solver = solver;
        this.rotation = rotation;
        this.perLayer = perLayer;
        this.rotated = new RotatedGradients(backend, rotation);
        this.weighted = new Scratch(backend);
        this.results = new Scratch(backend);
    }

    @Override
    public void add(int firstExample, UploadedCapture capture) {
        int layer = capture.layerIndex();
        BackendMatrix weights = solver.reciprocals(layer).orElseGet(() -> ones(layer, capture.layer()));
        if (rotated.cost(capture, basis(layer)).sumsPairs(rotation)) {
            addByPairs(firstExample, capture, weights);
        } else {
            addByGradients(firstExample, capture, weights);
        }
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
            scores.read(0, chunk.examples(), perLayer[layer], firstExample + chunk.firstExample());
        });
    }

    /** Σ over pairs of positions of weight · gᵀ W a, with a and g the products of the vectors of the pair. */
    private void addByPairs(int firstExample, UploadedCapture capture, BackendMatrix weights) {
        int layer = capture.layerIndex();
        if (host.length < capture.examples()) {
            host = new double[capture.examples()];
        }
        rotated.forEachPair(capture, basis(layer), pairs -> {
            BackendMatrix a = pairs.activations();
            BackendMatrix gw = weighted.take(a.rows(), a.columns());
            backend.multiply(Operand.of(pairs.outputGradients()), Operand.of(weights), gw);
            int numbers = a.rows() / pairs.examples() * a.columns();
            BackendMatrix scores = results.take(pairs.examples(), 1);
            backend.rowDots(1, gw.reshape(pairs.examples(), numbers), a.reshape(pairs.examples(), numbers), scores);
            scores.read(0, pairs.examples(), host, 0);
            for (int e = 0; e < pairs.examples(); e++) {
                perLayer[layer][firstExample + pairs.firstExample() + e] += pairs.weight() * host[e];
            }
        });
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
