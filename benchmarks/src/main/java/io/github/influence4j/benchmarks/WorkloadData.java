package io.github.influence4j.benchmarks;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective.SampledLabels;
import io.github.influence4j.benchmarks.Examples.Example;
import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Weights and data of a workload: random, but the same for the same workload.
 *
 * <p>Labels for the Fisher passes are drawn once, so that two programs can be compared number by number.
 *
 * @param workload what it is for
 * @param kernels weights of each layer, row-major [outputs, inputs]
 * @param biases one number for each output of each layer
 * @param train the training set
 * @param queries the queries
 */
record WorkloadData(Workload workload, List<float[]> kernels, List<float[]> biases, Examples train, Examples queries) {

    private static final long SEED = 20230803;
    private static final int LARGE = 1 << 24;

    /** Makes the data; the backend runs the model once to draw labels. */
    static WorkloadData make(Workload workload, MatrixBackend backend) {
        Random random = new Random(SEED);
        List<float[]> kernels = new ArrayList<>();
        List<float[]> biases = new ArrayList<>();
        for (LayerSpec layer : workload.layers()) {
            kernels.add(normal(
                    random,
                    layer.inputs() * layer.outputs(),
                    workload.activation().kernelDeviation(layer.inputs())));
            biases.add(normal(random, layer.outputs(), 0.1));
        }
        WorkloadData data = new WorkloadData(
                workload,
                kernels,
                biases,
                examples(workload, workload.train(), random),
                examples(workload, workload.queries(), random));
        try (WorkloadModel model = WorkloadModel.of(backend, data)) {
            draw(workload, model, data.train);
        }
        return data;
    }

    private static float[] normal(Random random, int count, double deviation) {
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }

    /** One generator takes long for the largest workload; the others keep the numbers that results were published for. */
    private static float[] standardNormal(Random random, int count) {
        return count > LARGE ? RandomNumbers.normal(count, random.nextLong()) : normal(random, count, 1);
    }

    private static Examples examples(Workload workload, int count, Random random) {
        int rows = count * workload.positions();
        int targetWidth = workload.loss().targetWidth(workload.outputs());
        float[] inputs = standardNormal(random, rows * workload.inputs());
        float[] targets = workload.loss() == Loss.CROSS_ENTROPY
                ? classes(random, rows, workload.outputs())
                : standardNormal(random, rows * targetWidth);
        return new Examples(
                count, workload.positions(), workload.inputs(), targetWidth, inputs, targets, targets.clone());
    }

    private static float[] classes(Random random, int count, int classes) {
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = random.nextInt(classes);
        }
        return values;
    }

    private static void draw(Workload workload, WorkloadModel model, Examples examples) {
        SampledLabels labels = new SampledLabels(SEED);
        int outputs = workload.outputs();
        for (ExampleBatch<Example> batch : examples.source().batches(workload.batchSize())) {
            float[] values = model.outputs(batch);
            int rows = batch.size() * workload.positions();
            workload.loss().predict(values, rows, outputs, new float[values.length]);
            IntStream.range(0, rows).parallel().forEach(r -> {
                long id = batch.ids()[r / workload.positions()];
                int position = r % workload.positions();
                int row = (int) id * workload.positions() + position;
                workload.loss()
                        .sample(
                                labels,
                                id,
                                position,
                                values,
                                r * outputs,
                                outputs,
                                examples.sampled(),
                                row * examples.targetWidth());
            });
        }
    }

    /** Writes everything for the peer, as {@code linear0.weight}, {@code train.inputs} and so on. */
    void write(Path file) throws IOException {
        List<Tensor> tensors = new ArrayList<>();
        List<LayerSpec> layers = workload.layers();
        for (int l = 0; l < layers.size(); l++) {
            LayerSpec layer = layers.get(l);
            Matrix kernel = Matrix.of(kernels.get(l), layer.outputs(), layer.inputs());
            tensors.add(Tensor.of(layer.name() + ".weight", kernel));
            tensors.add(Tensor.vector(layer.name() + ".bias", biases.get(l)));
        }
        add(tensors, "train", train);
        add(tensors, "queries", queries);
        Tensor.write(file, tensors);
    }

    private static void add(List<Tensor> tensors, String name, Examples set) {
        tensors.add(tensor(name + ".inputs", set, set.width(), set.inputs()));
        tensors.add(tensor(name + ".targets", set, set.targetWidth(), set.targets()));
        tensors.add(tensor(name + ".sampled", set, set.targetWidth(), set.sampled()));
    }

    private static Tensor tensor(String name, Examples set, int width, float[] values) {
        Matrix rows = Matrix.of(values, set.count() * set.positions(), width);
        return new Tensor(name, List.of(set.count(), set.positions(), width), rows);
    }
}
