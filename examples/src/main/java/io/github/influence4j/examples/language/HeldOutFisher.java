package io.github.influence4j.examples.language;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.RotatedGradients;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How much of a layer's Fisher matrix F a diagonal in some basis holds, on sequences that the basis was not fitted to:
 * Σ_k Λ_k² / ‖F‖²_F with Λ the diagonal of F in the basis.
 *
 * <p>Both sums are over pairs of different sequences, Λ_k² = mean over z ≠ z' of p_zk² p_z'k² and ‖F‖² = mean over z ≠ z' of
 * (g_zᵀg_z')², which makes them unbiased: with z = z' the sample's own noise would count as structure.
 */
final class HeldOutFisher {

    static final long LABELS = 77;
    private static final int BATCH = 100;

    private final MatrixBackend backend;
    private final Decoder model;
    private final ExampleSource<TokenSequence> heldOut;

    HeldOutFisher(MatrixBackend backend, Decoder model, ExampleSource<TokenSequence> heldOut) {
        this.backend = backend;
        this.model = model;
        this.heldOut = heldOut;
    }

    /** The shares that diagonals in several bases hold; an empty basis stands for the parameters' own coordinates. */
    double[] explained(LayerSpec layer, List<Optional<LayerEigenbasis>> bases) {
        int count = Math.toIntExact(heldOut.size());
        int parameters = Math.toIntExact(layer.parameters());
        List<Moments> moments = new ArrayList<>();
        bases.forEach(basis -> moments.add(new Moments(parameters)));
        try (BackendMatrix gradients = backend.zeros(count, parameters, Precision.FLOAT64);
                BackendMatrix chunk = backend.zeros(BATCH, parameters, Precision.FLOAT64);
                RotatedGradients rotated = new RotatedGradients(backend, Rotation.CHEAPEST);
                CapturePass<TokenSequence> pass =
                        new CapturePass<>(backend, model, Precision.FLOAT64, List.of(layer))) {
            pass.run(
                    heldOut,
                    BATCH,
                    List.of(new Objective.SampledLabels(LABELS)),
                    "held-out Fisher",
                    ProgressListener.silent(),
                    (step, capture) -> {
                        int n = capture.examples();
                        BackendMatrix rows = gradients.rows((int) step.firstExample(), n);
                        rotated.into(capture, Optional.empty(), perLayer(rows, layer));
                        for (int b = 0; b < moments.size(); b++) {
                            BackendMatrix target = chunk.rows(0, n);
                            rotated.into(capture, bases.get(b), perLayer(target, layer));
                            moments.get(b).add(target);
                        }
                    });
            double whole = squaredNorm(gradients);
            return moments.stream()
                    .mapToDouble(moment -> moment.squaredDiagonal(count) / whole)
                    .toArray();
        }
    }

    private static BackendMatrix perLayer(BackendMatrix rows, LayerSpec layer) {
        return rows.reshape(rows.rows() * layer.outputs(), layer.gradientColumns());
    }

    private double squaredNorm(BackendMatrix gradients) {
        int count = gradients.rows();
        double sum = 0;
        try (BackendMatrix gram = backend.zeros(count, count, Precision.FLOAT64)) {
            backend.multiply(Operand.of(gradients), Operand.transposed(gradients), gram);
            double[] row = new double[count];
            for (int z = 0; z < count; z++) {
                gram.read(z, 1, row, 0);
                row[z] = 0;
                for (double value : row) {
                    sum += value * value;
                }
            }
        }
        return sum / count / (count - 1);
    }

    /** Sums of squares and fourth powers of each coordinate. */
    private static final class Moments {
        private final double[] squares;
        private final double[] fourths;
        private final double[] row;

        Moments(int parameters) {
            this.squares = new double[parameters];
            this.fourths = new double[parameters];
            this.row = new double[parameters];
        }

        void add(BackendMatrix gradients) {
            for (int z = 0; z < gradients.rows(); z++) {
                gradients.read(z, 1, row, 0);
                for (int k = 0; k < row.length; k++) {
                    double square = row[k] * row[k];
                    squares[k] += square;
                    fourths[k] += square * square;
                }
            }
        }

        double squaredDiagonal(double count) {
            double sum = 0;
            for (int k = 0; k < squares.length; k++) {
                sum += squares[k] * squares[k] - fourths[k];
            }
            return sum / count / (count - 1);
        }
    }
}
