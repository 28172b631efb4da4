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

/**
 * A stack of dense layers with ReLU between them, applied at every position: forward, and backward without gradients of
 * the weights.
 *
 * <p>Products are the backend's; biases, activations and the loss are loops over chunks of rows on the host. Each core takes
 * slices of the batch from the inputs to the gradients: products of one core need no second one to wake, and the loops find
 * what they wrote in a cache. Memory grows with the largest batch and is used again, so a batch allocates no matrices.
 * Captures hand over the backend's own matrices.
 */
final class PositionwiseMlp implements WorkloadModel {

    /**
     * Rows that a core takes at a time. On two cores with 1 MiB of cache each a pass of {@code token-mlp} took .217 s with half of
     * the batch at a time, .208 with this and .207 with 512, with which {@code gpt2-block} took .29 in the place of .27.
     */
    private static final int SLICE = 1024;

    /** Numbers of a chunk of rows: it stays in the cache of a core between reading and writing back. */
    private static final int CHUNK = 1 << 15;

    private final MatrixBackend backend;
    private final Loss loss;
    private final int positions;
    private final List<LayerSpec> layers;
    private final int last;
    /** The bias of each layer as often as a chunk has rows: the compiler vectorises loops over arrays from their start. */
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
        this.biases = data.biases().stream().map(PositionwiseMlp::repeated).toList();
        this.inputs = new BackendMatrix[layers.size()];
        this.outputs = new BackendMatrix[layers.size()];
        for (int l = 0; l <= last; l++) {
            LayerSpec layer = layers.get(l);
            Matrix kernel = Matrix.of(data.kernels().get(l), layer.outputs(), layer.inputs());
            kernels.add(backend.copyOf(kernel, backend.precision()));
        }
    }

    private static float[] repeated(float[] bias) {
        float[] repeated = new float[chunkRows(bias.length) * bias.length];
        for (int k = 0; k < repeated.length; k += bias.length) {
            System.arraycopy(bias, 0, repeated, k, bias.length);
        }
        return repeated;
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public float[] outputs(ExampleBatch<Example> batch) {
        int rows = batch.size() * positions;
        int width = layers.get(last).outputs();
        float[] values = new float[rows * width];
        forSlices(rows, (start, count) -> {
            forward(batch, start, count);
            forChunks(start, count, width, (first, some) -> {
                float[] outputs = sized(buffer, some * width);
                read(last, first, some, outputs);
                System.arraycopy(outputs, 0, values, first * width, some * width);
            });
        });
        return values;
    }

    @Override
    public void capture(ExampleBatch<Example> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        if (objective instanceof Objective.OutputHessianRoot) {
            throw new UnsupportedOperationException("no gradient of " + objective);
        }
        boolean sampled = objective instanceof Objective.SampledLabels;
        int rows = batch.size() * positions;
        forSlices(rows, (first, count) -> {
            forward(batch, first, count);
            lossGradients(batch, sampled, first, count);
            for (int l = last - 1; l >= 0; l--) {
                backward(l, first, count);
            }
        });
        for (int l = last; l >= 0; l--) {
            if (wanted.contains(layers.get(l))) {
                sink.accept(LayerCapture.of(
                        layers.get(l), batch.size(), positions, inputs[l].rows(0, rows), outputs[l].rows(0, rows)));
            }
        }
    }

    private void forward(ExampleBatch<Example> batch, int start, int count) {
        uploadInputs(batch, start, count);
        for (int l = 0; l <= last; l++) {
            backend.multiply(
                    Operand.of(inputs[l].rows(start, count)),
                    Operand.transposed(kernels.get(l)),
                    outputs[l].rows(start, count));
            if (l < last) {
                activate(l, start, count);
            }
        }
    }

    private void uploadInputs(ExampleBatch<Example> batch, int start, int rows) {
        int width = inputs[0].columns();
        forChunks(start, rows, width, (first, count) -> {
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
    private void activate(int layer, int start, int rows) {
        BackendMatrix next = inputs[layer + 1];
        int width = next.columns();
        forChunks(start, rows, width, (first, count) -> {
            float[] values = sized(buffer, count * width);
            outputs[layer].read(first, count, values, 0);
            addBiasAndRectify(values, biases.get(layer), count * width);
            backend.upload(values, next.rows(first, count));
        });
    }

    /** Gradients at layer l's outputs, from those at layer l+1's. */
    private void backward(int layer, int start, int rows) {
        BackendMatrix g = outputs[layer];
        backend.multiply(
                Operand.of(outputs[layer + 1].rows(start, rows)),
                Operand.of(kernels.get(layer + 1)),
                g.rows(start, rows));
        BackendMatrix activated = inputs[layer + 1];
        int width = g.columns();
        forChunks(start, rows, width, (first, count) -> {
            float[] gradients = sized(buffer, count * width);
            float[] values = sized(secondBuffer, count * width);
            g.read(first, count, gradients, 0);
            activated.read(first, count, values, 0);
            maskByRectifier(gradients, values, count * width);
            backend.upload(gradients, g.rows(first, count));
        });
    }

    private void lossGradients(ExampleBatch<Example> batch, boolean sampled, int start, int rows) {
        int width = outputs[last].columns();
        forChunks(start, rows, width, (first, count) -> {
            float[] values = sized(buffer, count * width);
            read(last, first, count, values);
            loss.predict(values, count, width, sized(secondBuffer, count * width));
            for (int r = 0; r < count; r++) {
                Example example = batch.examples().get((first + r) / positions);
                Examples set = example.set();
                int row = example.index() * positions + (first + r) % positions;
                float[] targets = sampled ? set.sampled() : set.targets();
                loss.subtractTarget(values, r * width, width, targets, row * set.targetWidth());
            }
            backend.upload(values, outputs[last].rows(first, count));
        });
    }

    /** Reads outputs of a layer and adds its bias. */
    private void read(int layer, int first, int count, float[] values) {
        outputs[layer].read(first, count, values, 0);
        addBias(values, biases.get(layer), count * outputs[layer].columns());
    }

    private static void addBias(float[] values, float[] bias, int count) {
        for (int k = 0; k < count; k++) {
            values[k] += bias[k];
        }
    }

    private static void addBiasAndRectify(float[] values, float[] bias, int count) {
        for (int k = 0; k < count; k++) {
            values[k] = Math.max(0, values[k] + bias[k]);
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

    /** Works on some rows. */
    private interface Rows {
        void accept(int first, int count);
    }

    /** Gives each core some of the rows with all that is done with them, so that no core waits for another in between. */
    private void forSlices(int rows, Rows work) {
        if (rows > capacity) {
            allocate(rows);
        }
        int tasks = Math.min(rows, backend.parallelism());
        backend.inParallel(tasks, task -> {
            int start = (int) ((long) rows * task / tasks);
            int end = (int) ((long) rows * (task + 1) / tasks);
            forParts(start, end - start, SLICE, work);
        });
    }

    private static void forChunks(int start, int rows, int width, Rows work) {
        forParts(start, rows, chunkRows(width), work);
    }

    private static void forParts(int start, int rows, int step, Rows work) {
        for (int done = 0; done < rows; done += step) {
            work.accept(start + done, Math.min(step, rows - done));
        }
    }

    private static int chunkRows(int width) {
        return Math.max(1, CHUNK / width);
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
