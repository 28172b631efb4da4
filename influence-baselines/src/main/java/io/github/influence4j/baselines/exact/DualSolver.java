package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.Arrays;
import java.util.List;

/**
 * Solves in the dual form: x_ℓ = (v_ℓ − B_ℓᵀu)/λ_ℓ with (N·I + Σ_ℓ B_ℓB_ℓᵀ/λ_ℓ) u = Σ_ℓ B_ℓv_ℓ/λ_ℓ, all products taken from the
 * captures.
 *
 * <p>Costs 2(N·C)² flops and Σ_ℓ 4·N·t·o_ℓ(i_ℓ + C) a vector. Uses the captures of its block, so it must be closed first.
 */
final class DualSolver implements BlockSolver {

    private final MatrixBackend backend;
    private final List<CapturedLayer> captured;
    private final double[] lambdas;
    private final DampedCholesky factor;
    private final int examples;
    private final int columns;

    DualSolver(MatrixBackend backend, List<CapturedLayer> captured, double[] lambdas, DampedCholesky factor) {
        this.backend = backend;
        this.captured = captured;
        this.lambdas = lambdas;
        this.factor = factor;
        this.examples = captured.get(0).examples();
        this.columns = captured.get(0).columns();
    }

    @Override
    public void solve(double[][] vectors, int offset) {
        try (BackendMatrix rows = backend.zeros(examples * columns, vectors.length, Precision.FLOAT64)) {
            int start = offset;
            for (int l = 0; l < lambdas.length; l++) {
                gather(captured.get(l), 1 / lambdas[l], vectors, start, rows);
                start += Math.toIntExact(captured.get(l).layer().parameters());
            }
            factor.solve(rows);
            start = offset;
            for (int l = 0; l < lambdas.length; l++) {
                spread(captured.get(l), 1 / lambdas[l], vectors, start, rows);
                start += Math.toIntExact(captured.get(l).layer().parameters());
            }
        }
    }

    /** rows += alpha · B_ℓ v_ℓ: the sum over positions and outputs of (Ā Vᵀ) ∘ g, for each column of the root. */
    private void gather(CapturedLayer layer, double alpha, double[][] vectors, int start, BackendMatrix rows) {
        int outputs = layer.layer().outputs();
        int width = layer.positions() * outputs;
        try (BackendMatrix v = zeros(outputs, layer.layer().gradientColumns());
                BackendMatrix mapped = zeros(examples * layer.positions(), outputs);
                BackendMatrix product = zeros(examples * layer.positions(), outputs);
                BackendMatrix ones = ones(width, 1)) {
            for (int j = 0; j < vectors.length; j++) {
                backend.upload(part(vectors[j], start, layer.layer()), v);
                backend.multiply(Operand.of(layer.activations(0, examples)), Operand.transposed(v), mapped);
                for (int c = 0; c < columns; c++) {
                    backend.multiplyElements(mapped, layer.outputGradients(c, 0, examples), product);
                    backend.multiply(
                            alpha,
                            Operand.of(product.reshape(examples, width)),
                            Operand.of(ones),
                            1,
                            rows.view(c * examples, examples, j, 1));
                }
            }
        }
    }

    /** v_ℓ = alpha · (v_ℓ − B_ℓᵀu): output gradients weighted by u, summed over columns of the root, times activations. */
    private void spread(CapturedLayer layer, double alpha, double[][] vectors, int start, BackendMatrix rows) {
        int outputs = layer.layer().outputs();
        int width = layer.positions() * outputs;
        try (BackendMatrix v = zeros(outputs, layer.layer().gradientColumns());
                BackendMatrix weighted = zeros(examples * layer.positions(), outputs);
                BackendMatrix product = zeros(examples * layer.positions(), outputs);
                BackendMatrix ones = ones(1, width)) {
            for (int j = 0; j < vectors.length; j++) {
                for (int c = 0; c < columns; c++) {
                    backend.multiply(
                            Operand.of(rows.view(c * examples, examples, j, 1)),
                            Operand.of(ones),
                            product.reshape(examples, width));
                    BackendMatrix gradients = layer.outputGradients(c, 0, examples);
                    if (c == 0) {
                        backend.multiplyElements(product, gradients, weighted);
                    } else {
                        backend.multiplyElements(product, gradients, product);
                        backend.addScaled(1, product, weighted);
                    }
                }
                backend.upload(part(vectors[j], start, layer.layer()), v);
                backend.multiply(
                        -alpha, Operand.transposed(weighted), Operand.of(layer.activations(0, examples)), alpha, v);
                v.read(0, outputs, vectors[j], start);
            }
        }
    }

    private BackendMatrix zeros(int rows, int cols) {
        return backend.zeros(rows, cols, Precision.FLOAT64);
    }

    private BackendMatrix ones(int rows, int cols) {
        double[] ones = new double[rows * cols];
        Arrays.fill(ones, 1);
        return backend.copyOf(Matrix.of(ones, rows, cols), Precision.FLOAT64);
    }

    private static Matrix part(double[] vector, int start, LayerSpec layer) {
        double[] part = Arrays.copyOfRange(vector, start, start + Math.toIntExact(layer.parameters()));
        return Matrix.of(part, layer.outputs(), layer.gradientColumns());
    }

    @Override
    public void close() {
        factor.close();
    }
}
