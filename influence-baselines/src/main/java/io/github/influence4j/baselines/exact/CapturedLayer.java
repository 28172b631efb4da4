package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;

/**
 * The captures of one layer for a whole data set: activations once, output gradients for every column of the output
 * Hessian's root.
 *
 * <p>Batches may be padded to different numbers of positions; the shorter ones are padded with zeros to the longest,
 * which changes no product.
 */
final class CapturedLayer implements AutoCloseable {

    private final MatrixBackend backend;
    private final LayerSpec layer;
    private final int examples;
    private final MemoryEstimate memory;
    private BackendMatrix activations;
    private final List<BackendMatrix> outputGradients = new ArrayList<>();
    private int positions = 1;
    private int positionsOfBatch;

    CapturedLayer(MatrixBackend backend, LayerSpec layer, int examples, int columns, MemoryEstimate memory) {
        this.backend = backend;
        this.layer = layer;
        this.examples = examples;
        this.memory = memory;
        this.activations = backend.zeros(examples, layer.gradientColumns(), Precision.FLOAT64);
        for (int c = 0; c < columns; c++) {
            outputGradients.add(backend.zeros(examples, layer.outputs(), Precision.FLOAT64));
        }
    }

    /** Sets what the captures of a layer take. */
    static void estimate(MemoryEstimate memory, LayerSpec layer, long examples, int columns, int positions) {
        memory.set(
                "captures of layer " + layer.name(),
                8.0 * examples * positions * (layer.gradientColumns() + (double) columns * layer.outputs()));
    }

    LayerSpec layer() {
        return layer;
    }

    /** N. */
    int examples() {
        return examples;
    }

    /** C. */
    int columns() {
        return outputGradients.size();
    }

    /** t, the most of any batch. */
    int positions() {
        return positions;
    }

    /** The rows of some examples, [m·t, i]. */
    BackendMatrix activations(int first, int count) {
        return activations.rows(first * positions, count * positions);
    }

    /** The rows of some examples for one column of the root, [m·t, o]. */
    BackendMatrix outputGradients(int column, int first, int count) {
        return outputGradients.get(column).rows(first * positions, count * positions);
    }

    void append(int firstExample, int column, UploadedCapture capture) {
        if (column == 0) {
            positionsOfBatch = capture.positions();
            if (positionsOfBatch > positions) {
                grow(positionsOfBatch);
            }
            place(capture.activations(), capture.positions(), firstExample, capture.examples(), activations);
        } else if (capture.positions() != positionsOfBatch) {
            throw new IllegalArgumentException("layer " + layer.name() + ": column " + column
                    + " of the output Hessian's root came with " + capture.positions() + " positions, column 0 with "
                    + positionsOfBatch);
        }
        place(
                capture.outputGradients(),
                capture.positions(),
                firstExample,
                capture.examples(),
                outputGradients.get(column));
    }

    private void grow(int newPositions) {
        estimate(memory, layer, examples, columns(), newPositions);
        memory.require();
        activations = grown(activations, newPositions);
        outputGradients.replaceAll(old -> grown(old, newPositions));
        positions = newPositions;
    }

    private BackendMatrix grown(BackendMatrix old, int newPositions) {
        BackendMatrix larger =
                backend.zeros(Math.multiplyExact(examples, newPositions), old.columns(), Precision.FLOAT64);
        try (old) {
            int width = old.columns();
            backend.upload(
                    old.reshape(examples, positions * width),
                    larger.reshape(examples, newPositions * width).view(0, examples, 0, positions * width));
        }
        return larger;
    }

    /** Copies a batch to its place, one example a row, so that padding is what the row has beyond. */
    private void place(BackendMatrix batch, int batchPositions, int first, int count, BackendMatrix target) {
        int width = target.columns();
        backend.upload(
                batch.reshape(count, batchPositions * width),
                target.reshape(examples, positions * width).view(first, count, 0, batchPositions * width));
    }

    @Override
    public void close() {
        activations.close();
        outputGradients.forEach(BackendMatrix::close);
    }
}
