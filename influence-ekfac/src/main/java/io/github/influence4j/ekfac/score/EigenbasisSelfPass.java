package io.github.influence4j.ekfac.score;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.FitOptions.Rotation;
import io.github.influence4j.ekfac.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.eigen.RotatedGradients;
import io.github.influence4j.ekfac.factor.Scratch;
import io.github.influence4j.ekfac.factor.UploadedCapture;
import io.github.influence4j.ekfac.solve.EigenbasisSolver;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Self-influence in the eigenbasis: Σ_{o,i} P_z² / (Λ+λ) with P_z = Q_Sᵀ G_z Q_A, which needs no rotation back. Where a
 * layer has one position, P_z² is an outer product of squares and two products of vectors suffice.
 */
final class EigenbasisSelfPass implements SelfPass {

    private final MatrixBackend backend;
    private final EigenbasisSolver solver;
    private final double[][] perLayer;
    private final RotatedGradients rotated;
    private final Scratch weighted;
    private final Scratch results;
    private final Map<Integer, BackendMatrix> ones = new HashMap<>();

    /**
     * Starts a pass.
     *
     * @param perLayer [layers, train], receives the scores
     */
    EigenbasisSelfPass(MatrixBackend backend, EigenbasisSolver solver, Rotation rotation, double[][] perLayer) {
        this.backend = backend;
        this.solver = solver;
        this.perLayer = perLayer;
        this.rotated = new RotatedGradients(backend, rotation);
        this.weighted = new Scratch(backend);
        this.results = new Scratch(backend);
    }

    @Override
    public void add(int firstExample, UploadedCapture capture) {
        int layer = capture.layerIndex();
        BackendMatrix weights = solver.reciprocals(layer).orElseGet(() -> ones(layer, capture.layer()));
        if (capture.positions() == 1) {
            addOnePosition(firstExample, capture, weights);
            return;
        }
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

    private void addOnePosition(int firstExample, UploadedCapture capture, BackendMatrix weights) {
        int layer = capture.layerIndex();
        BackendMatrix a = rotated.activations(capture, basis(layer));
        BackendMatrix g = rotated.outputGradients(capture, basis(layer));
        backend.multiplyElements(a, a, a);
        backend.multiplyElements(g, g, g);
        BackendMatrix gw = weighted.take(a.rows(), a.columns());
        backend.multiply(Operand.of(g), Operand.of(weights), gw);
        BackendMatrix scores = results.take(a.rows(), 1);
        backend.rowDots(1, gw, a, scores);
        scores.read(0, scores.rows(), perLayer[layer], firstExample);
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
