package io.github.influence4j.models;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.FiniteCheck;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The memory of one batch on its way through a network, and the passes over it. It grows with the largest batch and is
 * used again for every other.
 *
 * <p>Each layer has its inputs ā, [n, i] with the ones of the bias as the last column, and one [n, o] matrix that holds in
 * turn its outputs z, their tangents, and the gradients at them.
 */
final class DensePass implements AutoCloseable {

    /** Numbers from which several cores work: some 0.2 ms for one with ReLU, and a second one takes up to 0.1 ms to wake. */
    private static final int SHARED_NUMBERS = 1 << 16;

    private final MatrixBackend backend;
    private final Activation activation;
    private final List<LayerSpec> layers;
    private final int last;

    private int capacity;
    private final List<BackendMatrix> owned = new ArrayList<>();
    private final BackendMatrix[] inputMemory;
    private final BackendMatrix[] outputMemory;
    private final BackendMatrix[] slopeMemory;
    private final double[][] hostInputs;
    private double[] hostOutputs = new double[0];
    private double[] hostSlopes = new double[0];

    // views of the memory for the current batch
    private int size;
    private final BackendMatrix[] inputs;
    private final BackendMatrix[] inputsWithoutBias;
    private final BackendMatrix[] outputs;
    private final BackendMatrix[] slopes;

    DensePass(MatrixBackend backend, MlpShape shape) {
        this.backend = backend;
        this.activation = shape.activation();
        this.layers = shape.layers();
        this.last = layers.size() - 1;
        this.inputMemory = new BackendMatrix[layers.size()];
        this.outputMemory = new BackendMatrix[layers.size()];
        this.slopeMemory = new BackendMatrix[last];
        this.hostInputs = new double[layers.size()][0];
        this.inputs = new BackendMatrix[layers.size()];
        this.inputsWithoutBias = new BackendMatrix[layers.size()];
        this.outputs = new BackendMatrix[layers.size()];
        this.slopes = new BackendMatrix[last];
    }

    /** The inputs of a layer without the ones of the bias, [n, inputs]. */
    BackendMatrix activations(int layer) {
        return inputsWithoutBias[layer];
    }

    /** The gradients at a layer's outputs after {@link #backward}, [n, o]. */
    BackendMatrix outputGradients(int layer) {
        return outputs[layer];
    }

    /** Takes the features of a batch. */
    void load(ExampleBatch<LabelledExample> batch) {
        int features = layers.get(0).inputs();
        resize(batch.size());
        shared(features, (first, count) -> {
            for (int r = first; r < first + count; r++) {
                load(batch, r, features);
            }
            uploadInputs(0, first, count);
        });
    }

    private void load(ExampleBatch<LabelledExample> batch, int r, int features) {
        double[] row = batch.examples().get(r).features();
        if (row.length != features) {
            throw new IllegalArgumentException("example " + batch.ids()[r] + ": layer "
                    + layers.get(0).name() + " expects " + features + " features, found " + row.length);
        }
        if (!FiniteCheck.finite(row, features)) {
            int c = 0;
            while (Double.isFinite(row[c])) {
                c++;
            }
            throw new NumericalException("example " + batch.ids()[r] + ": feature " + c + " is " + row[c]);
        }
        System.arraycopy(row, 0, hostInputs[0], r * (features + 1), features);
    }

    /** Computes the network's outputs into a packed array, [n, o]. */
    void forward(BackendMatrix[] weights, double[] result) {
        for (int l = 0; l <= last; l++) {
            backend.multiply(Operand.of(inputs[l]), Operand.transposed(weights[l]), outputs[l]);
            if (l < last) {
                activate(l);
            }
        }
        outputs[last].read(0, size, result, 0);
    }

    private void activate(int layer) {
        int columns = layers.get(layer).outputs();
        shared(columns, (first, count) -> {
            int start = first * columns;
            outputs[layer].read(first, count, hostOutputs, start);
            activate(layer, first, count);
            uploadInputs(layer + 1, first, count);
            DoubleBuffer own =
                    DoubleBuffer.wrap(hostSlopes, start, count * columns).slice();
            backend.upload(Matrix.of(own, count, columns, columns), slopes[layer].rows(first, count));
        });
    }

    private void activate(int layer, int first, int count) {
        int columns = layers.get(layer).outputs();
        double[] next = hostInputs[layer + 1];
        for (int r = first; r < first + count; r++) {
            for (int c = 0; c < columns; c++) {
                int from = r * columns + c;
                double z = hostOutputs[from];
                double value = activation.value(z);
                next[r * (columns + 1) + c] = value;
                hostSlopes[from] = activation.slope(z, value);
            }
        }
    }

    /**
     * After {@link #forward}: carries the gradients at the network's outputs back to the layer {@code lowest}. A kernel
     * holds a layer's weights without the bias.
     */
    void backward(BackendMatrix[] kernels, double[] gradients, int lowest) {
        backend.upload(Matrix.of(gradients, size, layers.get(last).outputs()), outputs[last]);
        for (int l = last; l > lowest; l--) {
            backend.multiply(Operand.of(outputs[l]), Operand.of(kernels[l]), outputs[l - 1]);
            backend.multiplyElements(outputs[l - 1], slopes[l - 1], outputs[l - 1]);
        }
    }

    /** After {@link #forward}: computes how the outputs move along a direction of the weights into a packed array. */
    void tangents(BackendMatrix[] directions, BackendMatrix[] kernels, double[] result) {
        for (int l = 0; l <= last; l++) {
            backend.multiply(Operand.of(inputs[l]), Operand.transposed(directions[l]), outputs[l]);
            if (l > 0) {
                backend.multiplyElements(outputs[l - 1], slopes[l - 1], outputs[l - 1]);
                backend.multiply(1, Operand.of(outputs[l - 1]), Operand.transposed(kernels[l]), 1, outputs[l]);
            }
        }
        outputs[last].read(0, size, result, 0);
    }

    /** After {@link #backward} to the first layer: computes Σ g āᵀ over the batch for every layer. */
    void weightGradients(BackendMatrix[] results) {
        for (int l = 0; l <= last; l++) {
            backend.multiply(Operand.transposed(outputs[l]), Operand.of(inputs[l]), results[l]);
        }
    }

    private void uploadInputs(int layer, int first, int count) {
        int columns = layers.get(layer).gradientColumns();
        DoubleBuffer rows = DoubleBuffer.wrap(hostInputs[layer], first * columns, count * columns)
                .slice();
        backend.upload(Matrix.of(rows, count, columns, columns), inputs[layer].rows(first, count));
    }

    /** Works on some rows. */
    private interface Rows {
        void accept(int first, int count);
    }

    /** Divides the rows of the batch among the cores where they have enough numbers. */
    private void shared(int columns, Rows work) {
        int tasks = (long) size * columns < SHARED_NUMBERS ? 1 : Math.min(size, backend.parallelism());
        backend.inParallel(tasks, task -> {
            int first = (int) ((long) size * task / tasks);
            work.accept(first, (int) ((long) size * (task + 1) / tasks) - first);
        });
    }

    private void resize(int examples) {
        if (examples == size) {
            return;
        }
        if (examples > capacity) {
            allocate(examples);
        }
        size = examples;
        for (int l = 0; l <= last; l++) {
            inputs[l] = inputMemory[l].rows(0, size);
            inputsWithoutBias[l] = inputMemory[l].view(0, size, 0, layers.get(l).inputs());
            outputs[l] = outputMemory[l].rows(0, size);
            if (l < last) {
                slopes[l] = slopeMemory[l].rows(0, size);
            }
        }
    }

    private void allocate(int examples) {
        close();
        int widest = 0;
        for (int l = 0; l <= last; l++) {
            LayerSpec layer = layers.get(l);
            inputMemory[l] = own(backend.zeros(examples, layer.gradientColumns()));
            outputMemory[l] = own(backend.zeros(examples, layer.outputs()));
            hostInputs[l] = new double[Math.multiplyExact(examples, layer.gradientColumns())];
            // the column of ones stays; the others are overwritten by every batch
            Arrays.fill(hostInputs[l], 1);
            if (l < last) {
                slopeMemory[l] = own(backend.zeros(examples, layer.outputs()));
                widest = Math.max(widest, layer.outputs());
            }
        }
        hostOutputs = new double[Math.multiplyExact(examples, widest)];
        hostSlopes = new double[hostOutputs.length];
        capacity = examples;
    }

    private BackendMatrix own(BackendMatrix matrix) {
        owned.add(matrix);
        return matrix;
    }

    @Override
    public void close() {
        owned.forEach(BackendMatrix::close);
        owned.clear();
        capacity = 0;
        size = 0;
    }
}
