package io.github.influence4j.benchmarks;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.benchmarks.Examples.Example;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A stack of dense layers with squares between them and the squared error at the outputs, applied at every position: only
 * inputs and targets go to the backend's memory, and nothing comes back.
 *
 * <p>Biases are the last column of the kernels [o, i+1], which meets a column of ones in the inputs [n·t, i+1]. Memory grows
 * with the largest batch and is used again. Captures hand over views of the backend's own matrices.
 */
final class SquareMlp implements WorkloadModel {

    private final MatrixBackend backend;
    private final int positions;
    private final List<LayerSpec> layers;
    private final int last;
    private final List<BackendMatrix> kernels = new ArrayList<>();
    /** Inputs of each layer and a column of ones. */
    private final BackendMatrix[] inputs;
    /** In turn the outputs z of each layer and the gradients at them. */
    private final BackendMatrix[] outputs;
    /** Targets, and then gradients at the squares. */
    private final BackendMatrix[] scratch;

    private int capacity;

    SquareMlp(MatrixBackend backend, WorkloadData data) {
        if (data.workload().loss() != Loss.SQUARED_ERROR) {
            throw new IllegalArgumentException("expected the squared error, found "
                    + data.workload().loss() + " of " + data.workload().name());
        }
        this.backend = backend;
        this.positions = data.workload().positions();
        this.layers = data.workload().layers();
        this.last = layers.size() - 1;
        this.inputs = new BackendMatrix[layers.size()];
        this.outputs = new BackendMatrix[layers.size()];
        this.scratch = new BackendMatrix[layers.size()];
        for (int l = 0; l <= last; l++) {
            LayerSpec layer = layers.get(l);
            BackendMatrix kernel = backend.zeros(layer.outputs(), layer.inputs() + 1);
            backend.upload(Matrix.of(data.kernels().get(l), layer.outputs(), layer.inputs()), withoutBias(kernel));
            backend.upload(Matrix.of(data.biases().get(l), layer.outputs(), 1), lastColumn(kernel));
            kernels.add(kernel);
        }
    }

    private static BackendMatrix withoutBias(BackendMatrix matrix) {
        return matrix.view(0, matrix.rows(), 0, matrix.columns() - 1);
    }

    private static BackendMatrix lastColumn(BackendMatrix matrix) {
        return matrix.view(0, matrix.rows(), matrix.columns() - 1, 1);
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public float[] outputs(ExampleBatch<Example> batch) {
        int rows = forward(batch);
        float[] values = new float[rows * layers.get(last).outputs()];
        outputs[last].read(0, rows, values, 0);
        return values;
    }

    @Override
    public void capture(ExampleBatch<Example> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        if (objective instanceof Objective.OutputHessianRoot) {
            throw new UnsupportedOperationException("no gradient of " + objective);
        }
        int rows = forward(batch);
        boolean sampled = objective instanceof Objective.SampledLabels;
        BackendMatrix targets = scratch[last].rows(0, rows);
        Examples.upload(backend, batch, sampled ? Examples::sampled : Examples::targets, targets);
        backend.addScaled(-1, targets, outputs[last].rows(0, rows));
        for (int l = last; l >= 0; l--) {
            if (l < last) {
                backward(l, rows);
            }
            if (wanted.contains(layers.get(l))) {
                sink.accept(LayerCapture.of(
                        layers.get(l),
                        batch.size(),
                        positions,
                        withoutBias(inputs[l].rows(0, rows)),
                        outputs[l].rows(0, rows)));
            }
        }
    }

    private int forward(ExampleBatch<Example> batch) {
        int rows = batch.size() * positions;
        if (rows > capacity) {
            allocate(rows);
        }
        Examples.upload(backend, batch, Examples::inputs, withoutBias(inputs[0].rows(0, rows)));
        for (int l = 0; l <= last; l++) {
            BackendMatrix z = outputs[l].rows(0, rows);
            backend.multiply(Operand.of(inputs[l].rows(0, rows)), Operand.transposed(kernels.get(l)), z);
            if (l < last) {
                backend.multiplyElements(z, z, withoutBias(inputs[l + 1].rows(0, rows)));
            }
        }
        return rows;
    }

    /** Gradients at layer l's outputs z, from those at layer l+1's: 2 z ∘ (g W). */
    private void backward(int layer, int rows) {
        BackendMatrix z = outputs[layer].rows(0, rows);
        BackendMatrix atSquares = scratch[layer].rows(0, rows);
        Operand next = Operand.of(outputs[layer + 1].rows(0, rows));
        backend.multiply(2, next, Operand.of(withoutBias(kernels.get(layer + 1))), 0, atSquares);
        backend.multiplyElements(z, atSquares, z);
    }

    private void allocate(int rows) {
        freeBatch();
        float[] ones = new float[rows];
        Arrays.fill(ones, 1);
        for (int l = 0; l <= last; l++) {
            inputs[l] = backend.zeros(rows, layers.get(l).inputs() + 1);
            backend.upload(Matrix.of(ones, rows, 1), lastColumn(inputs[l]));
            outputs[l] = backend.zeros(rows, layers.get(l).outputs());
            scratch[l] = backend.zeros(rows, layers.get(l).outputs());
        }
        capacity = rows;
    }

    private void freeBatch() {
        if (capacity > 0) {
            for (int l = 0; l <= last; l++) {
                inputs[l].close();
                outputs[l].close();
                scratch[l].close();
            }
            capacity = 0;
        }
    }

    @Override
    public void close() {
        freeBatch();
        kernels.forEach(BackendMatrix::close);
    }
}
