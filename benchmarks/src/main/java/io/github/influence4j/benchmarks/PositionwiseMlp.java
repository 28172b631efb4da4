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
import java.util.List;
import java.util.stream.IntStream;

/**
 * A stack of dense layers with ReLU between them, applied at every position: forward, and backward without gradients of
 * the weights.
 *
 * <p>Products are the backend's; biases, activations and the loss are loops over chunks of rows on the host, shared by the
 * cores. Memory grows with the largest batch and is used again, so a batch allocates no matrices. Captures hand over the
 * backend's own matrices.
 */
final class PositionwiseMlp implements WorkloadModel {

    /** Numbers of a chunk of rows: it stays in the cache of a core between reading and writing back. */
    private static final int CHUNK = 1 << 15;

    private final MatrixBackend backend;
    private final Loss loss;
    private final int positions;
    private final List<LayerSpec> layers;
    private final int last;
    private final List<float[]> biases;
    private final List<BackendMatrix> kernels = new ArrayList<>();
    /** Inputs of each layer. */
    private final BackendMatrix[] inputs;
    /** In turn the outputs z of each layer and the gradients at them. */
    private final BackendMatrix[] outputs;

    private final ThreadLocal<float[]> buffer = ThreadLocal.withInitial(() -> new float[0]);
    private final ThreadLocal<float[]> secondBuffer = ThreadLocal.withInitial(() -> new float[0]);
    private int capacity;

    PositionwiseMlp(MatrixBackend backend, WorkloadData data) {
        this.backend = backend;
        this.loss = data.workload().loss();
        this.positions = data.workload().positions();
        this.layers = data.workload().layers();
        this.last = layers.size() - 1;
        this.biases = data.biases();
        this.inputs = new BackendMatrix[layers.size()];
        this.outputs = new BackendMatrix[layers.size()];
        for (int l = 0; l <= last; l++) {
            LayerSpec layer = layers.get(l);
            Matrix kernel = Matrix.of(data.kernels().get(l), layer.outputs(), layer.inputs());
            kernels.add(backend.copyOf(kernel, backend.precision()));
        }
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public float[] outputs(ExampleBatch<Example> batch) {
        int rows = forward(batch);
        int width = layers.get(last).outputs();
        float[] values = new float[rows * width];
        outputs[last].read(0, rows, values, 0);
        addBias(values, rows, biases.get(last));
        return values;
    }

    @Override
    public void capture(ExampleBatch<Example> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        if (objective instanceof Objective.OutputHessianRoot) {
            throw new UnsupportedOperationException("no gradient of " + objective);
        }
        int rows = forward(batch);
        lossGradients(batch, objective instanceof Objective.SampledLabels);
        for (int l = last; l >= 0; l--) {
            if (l < last) {
                backward(l, rows);
            }
            if (wanted.contains(layers.get(l))) {
                sink.accept(LayerCapture.of(
                        layers.get(l), batch.size(), positions, inputs[l].rows(0, rows), outputs[l].rows(0, rows)));
            }
        }
    }

    private int forward(ExampleBatch<Example> batch) {
        int rows = batch.size() * positions;
        if (rows > capacity) {
            allocate(rows);
        }
        uploadInputs(batch, rows);
        for (int l = 0; l <= last; l++) {
            BackendMatrix z = outputs[l].rows(0, rows);
            backend.multiply(Operand.of(inputs[l].rows(0, rows)), Operand.transposed(kernels.get(l)), z);
            if (l < last) {
                activate(l, rows);
            }
        }
        return rows;
    }

    private void uploadInputs(ExampleBatch<Example> batch, int rows) {
        int width = inputs[0].columns();
        forChunks(rows, width, (first, count) -> {
            float[] values = sized(buffer, count * width);
            for (int r = 0; r < count; r++) {
                Example example = batch.examples().get((first + r) / positions);
                int row = example.index() * positions + (first + r) % positions;
                System.arraycopy(example.set().inputs(), row * width, values, r * width, width);
            }
            backend.upload(values, inputs[0].rows(first, count));
        });
    }

    /** Layer l+1's inputs = max(0, z + bias). */
    private void activate(int layer, int rows) {
        float[] bias = biases.get(layer);
        BackendMatrix z = outputs[layer];
        BackendMatrix next = inputs[layer + 1];
        forChunks(rows, z.columns(), (first, count) -> {
            float[] values = sized(buffer, count * bias.length);
            z.read(first, count, values, 0);
            addBiasAndRectify(values, count, bias);
            backend.upload(values, next.rows(first, count));
        });
    }

    /** Gradients at layer l's outputs, from those at layer l+1's. */
    private void backward(int layer, int rows) {
        BackendMatrix g = outputs[layer].rows(0, rows);
        backend.multiply(Operand.of(outputs[layer + 1].rows(0, rows)), Operand.of(kernels.get(layer + 1)), g);
        BackendMatrix activated = inputs[layer + 1];
        int width = g.columns();
        forChunks(rows, width, (first, count) -> {
            float[] gradients = sized(buffer, count * width);
            float[] values = sized(secondBuffer, count * width);
            g.read(first, count, gradients, 0);
            activated.read(first, count, values, 0);
            maskByRectifier(gradients, values, count * width);
            backend.upload(gradients, g.rows(first, count));
        });
    }

    private void lossGradients(ExampleBatch<Example> batch, boolean sampled) {
        BackendMatrix y = outputs[last];
        float[] bias = biases.get(last);
        int width = bias.length;
        forChunks(batch.size() * positions, width, (first, count) -> {
            float[] values = sized(buffer, count * width);
            y.read(first, count, values, 0);
            addBias(values, count, bias);
            for (int r = 0; r < count; r++) {
                Example example = batch.examples().get((first + r) / positions);
                Examples set = example.set();
                int row = example.index() * positions + (first + r) % positions;
                float[] targets = sampled ? set.sampled() : set.targets();
                loss.gradient(values, r * width, width, targets, row * set.targetWidth());
            }
            backend.upload(values, y.rows(first, count));
        });
    }

    private static void addBias(float[] values, int rows, float[] bias) {
        for (int r = 0; r < rows; r++) {
            int start = r * bias.length;
            for (int c = 0; c < bias.length; c++) {
                values[start + c] += bias[c];
            }
        }
    }

    private static void addBiasAndRectify(float[] values, int rows, float[] bias) {
        for (int r = 0; r < rows; r++) {
            int start = r * bias.length;
            for (int c = 0; c < bias.length; c++) {
                values[start + c] = Math.max(0, values[start + c] + bias[c]);
            }
        }
    }

    /** Keeps the gradients at positive activations; without branches, which random signs would make slow. */
    private static void maskByRectifier(float[] gradients, float[] activations, int count) {
        for (int k = 0; k < count; k++) {
            // activations are not negative; twice the largest number makes even the smallest of them exceed 1
            gradients[k] *= Math.min(1f, activations[k] * Float.MAX_VALUE * Float.MAX_VALUE);
        }
    }

    private static float[] sized(ThreadLocal<float[]> memory, int size) {
        if (memory.get().length < size) {
            memory.set(new float[size]);
        }
        return memory.get();
    }

    private interface Chunk {
        void accept(int firstRow, int rowCount);
    }

    private static void forChunks(int rows, int width, Chunk work) {
        int step = Math.max(1, CHUNK / width);
        int chunks = (rows + step - 1) / step;
        IntStream.range(0, chunks).parallel().forEach(k -> work.accept(k * step, Math.min(step, rows - k * step)));
    }

    private void allocate(int rows) {
        freeBatch();
        for (int l = 0; l <= last; l++) {
            inputs[l] = backend.zeros(rows, layers.get(l).inputs());
            outputs[l] = backend.zeros(rows, layers.get(l).outputs());
        }
        capacity = rows;
    }

    private void freeBatch() {
        if (capacity > 0) {
            for (int l = 0; l <= last; l++) {
                inputs[l].close();
                outputs[l].close();
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
