package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.Arrays;

/**
 * BBᵀ without gradients: entry (e, c), (f, d) is Σ_{p,q} (g_ecp · g_fdq)(ā_ep · ā_fq), the elementwise product of two Gram
 * matrices over positions, summed over the positions of each pair of examples.
 */
final class PositionGram implements LayerGram {

    private final MatrixBackend backend;
    private final int tileSize;

    PositionGram(MatrixBackend backend, int tileSize) {
        this.backend = backend;
        this.tileSize = tileSize;
    }

    @Override
    public void add(double alpha, CapturedLayer layer, BackendMatrix gram) {
        int t = layer.positions();
        int step = Math.min(layer.examples(), Math.max(1, (int) Math.sqrt(tileSize) / t));
        double[] one = new double[t];
        Arrays.fill(one, 1);
        try (Scratch activationTile = new Scratch(backend, Precision.FLOAT64);
                Scratch gradientTile = new Scratch(backend, Precision.FLOAT64);
                Scratch rowSums = new Scratch(backend, Precision.FLOAT64);
                BackendMatrix ones = backend.copyOf(Matrix.of(one, t, 1), Precision.FLOAT64)) {
            for (int e = 0; e < layer.examples(); e += step) {
                int m = Math.min(step, layer.examples() - e);
                for (int f = 0; f < layer.examples(); f += step) {
                    int n = Math.min(step, layer.examples() - f);
                    // below the diagonal, pairs of one column would fall into the lower triangle
                    int firstGap = f < e ? 1 : 0;
                    if (firstGap == layer.columns()) {
                        continue;
                    }
                    BackendMatrix a = activationTile.take(m * t, n * t);
                    backend.multiply(
                            Operand.of(layer.activations(e, m)), Operand.transposed(layer.activations(f, n)), a);
                    for (int c = 0; c < layer.columns(); c++) {
                        for (int d = c + firstGap; d < layer.columns(); d++) {
                            BackendMatrix g = gradientTile.take(m * t, n * t);
                            backend.multiply(
                                    Operand.of(layer.outputGradients(c, e, m)),
                                    Operand.transposed(layer.outputGradients(d, f, n)),
                                    g);
                            backend.multiplyElements(g, a, g);
                            BackendMatrix target = gram.view(c * layer.examples() + e, m, d * layer.examples() + f, n);
                            if (t == 1) {
                                backend.addScaled(alpha, g, target);
                            } else {
                                BackendMatrix sums = rowSums.take(m * t, n);
                                backend.multiply(
                                        Operand.of(g.reshape(m * t * n, t)),
                                        Operand.of(ones),
                                        sums.reshape(m * t * n, 1));
                                backend.multiplyBatch(
                                        m, alpha, Operand.transposed(ones).forAll(), Operand.of(sums), 1, target);
                            }
                        }
                    }
                }
            }
        }
    }

    @Override
    public double flops(double examples, double columns, double positions, int inputs, int outputs) {
        double pairs = examples * positions * examples * positions;
        // two flops a product; half of the pairs of columns; three more passes over each tile
        return pairs * (2.0 * inputs + columns * columns * (outputs + 1.5));
    }
}
