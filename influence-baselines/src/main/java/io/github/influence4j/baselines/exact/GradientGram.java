package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;

/** BBᵀ by products of chunks of B: cheaper where an example has more positions than its gradient is wide. */
final class GradientGram implements LayerGram {

    private final MatrixBackend backend;
    private final int tileSize;

    GradientGram(MatrixBackend backend, int tileSize) {
        this.backend = backend;
        this.tileSize = tileSize;
    }

    @Override
    public void add(double alpha, CapturedLayer layer, BackendMatrix gram) {
        try (Scratch left = new Scratch(backend, Precision.FLOAT64);
                Scratch right = new Scratch(backend, Precision.FLOAT64)) {
            int examples = layer.examples();
            int step = step(examples, layer.layer().parameters());
            for (int c = 0; c < layer.columns(); c++) {
                for (int e = 0; e < examples; e += step) {
                    int m = Math.min(step, examples - e);
                    BackendMatrix rows = gradients(layer, c, e, m, left);
                    for (int d = c; d < layer.columns(); d++) {
                        for (int f = d == c ? e : 0; f < examples; f += step) {
                            int n = Math.min(step, examples - f);
                            BackendMatrix columns = gradients(layer, d, f, n, right);
                            backend.multiply(
                                    alpha,
                                    Operand.of(rows),
                                    Operand.transposed(columns),
                                    1,
                                    gram.view(c * examples + e, m, d * examples + f, n));
                        }
                    }
                }
            }
        }
    }

    private BackendMatrix gradients(CapturedLayer layer, int column, int first, int count, Scratch scratch) {
        BackendMatrix rows = scratch.take(count, Math.toIntExact(layer.layer().parameters()));
        ExampleGradients.form(
                backend, layer.outputGradients(column, first, count), layer.activations(first, count), rows, count);
        return rows;
    }

    private int step(int examples, long parameters) {
        return (int) Math.min(examples, Math.max(1, tileSize / parameters));
    }

    @Override
    public double flops(double examples, double columns, double positions, int inputs, int outputs) {
        long parameters = (long) inputs * outputs;
        double rows = examples * columns;
        double chunks = Math.ceil(rows / step((int) examples, parameters));
        // half of the products, and every chunk is formed again for half of the others
        return rows * parameters * (rows + positions * (chunks + 2));
    }
}
