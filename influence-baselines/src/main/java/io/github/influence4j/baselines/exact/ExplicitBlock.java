package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.Scratch;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Rows;
import java.util.Arrays;
import java.util.List;

/**
 * A block of G as a D x D matrix, summed by rank-k updates over buffered rows of B.
 *
 * <p>Costs N·C·D² flops to sum and D³/3 to factorise; 16·D² bytes with one solver.
 */
final class ExplicitBlock implements GaussNewtonBlock {

    /** Rows of B that are gathered before an update, so that small batches do not go through all of G each time. */
    private static final int BUFFERED_ROWS = 512;

    private final MatrixBackend backend;
    private final List<LayerSpec> layers;
    private final int[] starts;
    private final int parameters;
    private final int examples;
    private final Scratch gradients;
    private final int capacity;
    private final Scratch buffer;
    private final BackendMatrix rows;
    private final BackendMatrix matrix;
    private int filled;

    ExplicitBlock(MatrixBackend backend, List<LayerSpec> layers, int examples, int batchSize) {
        this.backend = backend;
        this.layers = layers;
        this.parameters = Math.toIntExact(GaussNewtonBlock.parameters(layers));
        this.examples = examples;
        this.starts = new int[layers.size()];
        for (int l = 1; l < starts.length; l++) {
            starts[l] = starts[l - 1] + Math.toIntExact(layers.get(l - 1).parameters());
        }
        this.gradients = new Scratch(backend, Precision.FLOAT64);
        this.capacity = capacity(batchSize);
        this.buffer = new Scratch(backend, Precision.FLOAT64);
        this.rows = buffer.take(capacity, parameters);
        this.matrix = backend.zeros(parameters, parameters, Precision.FLOAT64);
    }

    private static int capacity(int batchSize) {
        return Math.max(BUFFERED_ROWS, batchSize);
    }

    /** Adds what such a block and one solver will take. */
    static void estimate(MemoryEstimate memory, String name, List<LayerSpec> layers, int batchSize) {
        double parameters = GaussNewtonBlock.parameters(layers);
        memory.set("D x D matrix and factor of " + name, 16 * parameters * parameters);
        memory.set("rows of gradients of " + name, 8 * parameters * (capacity(batchSize) + batchSize));
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public String form() {
        return "explicit";
    }

    @Override
    public void accept(int index, int firstExample, int column, UploadedCapture capture) {
        accept(index, capture.activations(), capture.outputGradients(), capture.examples());
    }

    /** Takes n rows of B in the columns of a layer, as [n·t, i] activations and [n·t, o] output gradients. */
    void accept(int index, BackendMatrix activations, BackendMatrix outputGradients, int n) {
        if (filled + n > capacity) {
            flush();
        }
        int width = Math.toIntExact(layers.get(index).parameters());
        BackendMatrix part = gradients.take(n, width);
        ExampleGradients.form(backend, outputGradients, activations, part, n);
        backend.upload(part, rows.view(filled, n, starts[index], width));
    }

    @Override
    public void endColumn(int count) {
        filled += count;
    }

    private void flush() {
        if (filled > 0) {
            backend.rankUpdate(1.0 / examples, rows.rows(0, filled), 1, matrix);
            filled = 0;
        }
    }

    @Override
    public void finish() {
        flush();
        backend.mirrorUpper(matrix);
        gradients.close();
        buffer.close();
    }

    @Override
    public double heldBytes() {
        return 16.0 * parameters * parameters;
    }

    @Override
    public double trace(int index) {
        double[] diagonal = DampedCholesky.diagonal(matrix);
        double trace = 0;
        for (int k = 0; k < layers.get(index).parameters(); k++) {
            trace += diagonal[starts[index] + k];
        }
        return trace;
    }

    @Override
    public BlockSolver solver(LayerDamping damping) {
        double[] lambdas = new double[parameters];
        for (int l = 0; l < starts.length; l++) {
            int end = l + 1 < starts.length ? starts[l + 1] : parameters;
            Arrays.fill(lambdas, starts[l], end, damping.lambda(layers.get(l).name()));
        }
        BackendMatrix damped = backend.copyOf(new DiagonalMatrix(lambdas), Precision.FLOAT64);
        backend.addScaled(1, matrix, damped);
        String what = "the damped Gauss-Newton matrix of D = " + parameters + " parameters ("
                + GaussNewtonBlock.inWords(layers, damping) + ")";
        return new ExplicitSolver(backend, parameters, DampedCholesky.of(backend, damped, what));
    }

    @Override
    public void copyTo(double[][] target, int offset) {
        Rows.forEach(
                matrix,
                (r, numbers, start) -> System.arraycopy(numbers, start, target[offset + r], offset, parameters));
    }

    @Override
    public void close() {
        gradients.close();
        buffer.close();
        matrix.close();
    }
}
