package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A block of G as its captures, from which BBᵀ is formed for each damping.
 *
 * <p>With the columns of B scaled by λ_ℓ^{-1/2} the damping is 1 in every layer, so that the matrix to factorise is N·I + Σ_ℓ
 * B_ℓB_ℓᵀ/λ_ℓ. Costs about (N·C)²·Σ_ℓ o_ℓ flops to form for layers with one position, and (N·C)³/3 to factorise; 8·(N·C)²
 * bytes for each solver.
 */
final class DualBlock implements GaussNewtonBlock {

    private final MatrixBackend backend;
    private final List<LayerSpec> layers;
    private final List<CapturedLayer> captured = new ArrayList<>();
    private final List<LayerGram> grams;
    private final int examples;
    private final int columns;

    DualBlock(MatrixBackend backend, List<LayerSpec> layers, int examples, int columns, MemoryEstimate memory) {
        this.backend = backend;
        this.layers = layers;
        this.examples = examples;
        this.columns = columns;
        this.grams = List.of(new PositionGram(backend, LayerGram.TILE), new GradientGram(backend, LayerGram.TILE));
        for (LayerSpec layer : layers) {
            captured.add(new CapturedLayer(backend, layer, examples, columns, memory));
        }
    }

    /** Adds what such a block and one solver will take, as far as it is known before the first capture. */
    static void estimate(MemoryEstimate memory, String name, List<LayerSpec> layers, long examples, int columns) {
        double rows = (double) examples * columns;
        memory.set("N·C x N·C Gram matrix of " + name, 8 * rows * rows);
        memory.set("tiles of " + name, 8 * 3 * Math.min(LayerGram.TILE, rows * rows));
        for (LayerSpec layer : layers) {
            CapturedLayer.estimate(memory, layer, examples, columns, 1);
        }
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public String form() {
        return "dual";
    }

    @Override
    public void accept(int index, int firstExample, int column, UploadedCapture capture) {
        captured.get(index).append(firstExample, column, capture);
    }

    @Override
    public void endColumn(int count) {}

    @Override
    public void finish() {}

    @Override
    public double heldBytes() {
        double rows = (double) examples * columns;
        double captures = captured.stream()
                .mapToDouble(layer -> (double) examples
                        * layer.positions()
                        * (layer.layer().gradientColumns()
                                + (double) columns * layer.layer().outputs()))
                .sum();
        return 8 * (rows * rows + captures);
    }

    /** (1/N) Σ_e Σ_c ‖Σ_p g_ecp ā_epᵀ‖², from the t x t Gram matrices of each example with itself. */
    @Override
    public double trace(int index) {
        CapturedLayer layer = captured.get(index);
        int t = layer.positions();
        int step = Math.max(1, LayerGram.TILE / Math.multiplyExact(t, t));
        double[] sum = new double[1];
        try (Scratch activationGrams = new Scratch(backend, Precision.FLOAT64);
                Scratch gradientGrams = new Scratch(backend, Precision.FLOAT64);
                BackendMatrix trace = backend.zeros(1, 1, Precision.FLOAT64)) {
            for (int e = 0; e < examples; e += step) {
                int m = Math.min(step, examples - e);
                BackendMatrix a = ownGrams(layer.activations(e, m), m, t, activationGrams);
                for (int c = 0; c < columns; c++) {
                    BackendMatrix g = ownGrams(layer.outputGradients(c, e, m), m, t, gradientGrams);
                    int size = m * t * t;
                    backend.multiply(
                            1.0 / examples, Operand.of(g.reshape(1, size)), Operand.of(a.reshape(size, 1)), 1, trace);
                }
            }
            trace.read(0, 1, sum, 0);
        }
        return sum[0];
    }

    private BackendMatrix ownGrams(BackendMatrix rows, int members, int positions, Scratch scratch) {
        BackendMatrix grams = scratch.take(members * positions, positions);
        backend.multiplyBatch(members, 1, Operand.of(rows), Operand.transposed(rows), 0, grams);
        return grams;
    }

    @Override
    public BlockSolver solver(LayerDamping damping) {
        double[] lambdas = new double[layers.size()];
        for (int l = 0; l < lambdas.length; l++) {
            lambdas[l] = damping.lambda(layers.get(l).name());
            if (lambdas[l] == 0) {
                throw new IllegalArgumentException("layer " + layers.get(l).name()
                        + ": the dual form divides by the damping, which must be positive, found 0.0; the explicit form"
                        + " allows it where the curvature itself is positive definite");
            }
        }
        int rows = examples * columns;
        BackendMatrix gram = backend.copyOf(DiagonalMatrix.ofConstant(examples, rows), Precision.FLOAT64);
        for (int l = 0; l < lambdas.length; l++) {
            gram(captured.get(l)).add(1 / lambdas[l], captured.get(l), gram);
        }
        String what =
                "the damped Gram matrix of N·C = " + rows + " rows (" + GaussNewtonBlock.inWords(layers, damping) + ")";
        return new DualSolver(backend, captured, lambdas, DampedCholesky.of(backend, gram, what));
    }

    private LayerGram gram(CapturedLayer captures) {
        LayerSpec layer = captures.layer();
        return grams.stream()
                .min(Comparator.comparingDouble(g ->
                        g.flops(examples, columns, captures.positions(), layer.gradientColumns(), layer.outputs())))
                .orElseThrow();
    }

    @Override
    public void copyTo(double[][] target, int offset) {
        int step = Math.min(examples, 256);
        try (ExplicitBlock explicit = new ExplicitBlock(backend, layers, examples, step)) {
            for (int e = 0; e < examples; e += step) {
                int m = Math.min(step, examples - e);
                for (int c = 0; c < columns; c++) {
                    for (int l = 0; l < captured.size(); l++) {
                        CapturedLayer layer = captured.get(l);
                        explicit.accept(l, layer.activations(e, m), layer.outputGradients(c, e, m), m);
                    }
                    explicit.endColumn(m);
                }
            }
            explicit.finish();
            explicit.copyTo(target, offset);
        }
    }

    @Override
    public void close() {
        captured.forEach(CapturedLayer::close);
    }
}
