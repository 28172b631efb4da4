package io.github.influence4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.loss.SoftmaxCrossEntropyLoss;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Objective;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Times a capture against DJL's own forward and backward pass, taking turns, median of 40. For a person to run. */
final class CaptureOverhead {

    private CaptureOverhead() {}

    public static void main(String[] args) {
        PyTorch.require();
        measure(
                "perceptron 784-512-512-10, batch of 128",
                new SequentialBlock()
                        .add(Linear.builder().setUnits(512).build())
                        .add(Activation.reluBlock())
                        .add(Linear.builder().setUnits(512).build())
                        .add(Activation.reluBlock())
                        .add(Linear.builder().setUnits(10).build()),
                Models.classified(128, 1, 10, 784));
        measure(
                "16 and 32 filters of 3x3 on 3x32x32, batch of 128",
                new SequentialBlock()
                        .add(convolution(16))
                        .add(Activation.reluBlock())
                        .add(convolution(32))
                        .add(Activation.reluBlock())
                        .add(Blocks.batchFlattenBlock())
                        .add(Linear.builder().setUnits(10).build()),
                Models.classified(128, 1, 10, 3, 32, 32));
        Random random = new Random(1);
        List<DjlExample> sequences = new ArrayList<>();
        for (int e = 0; e < 16; e++) {
            sequences.add(DjlExample.sequence(
                    random.longs(64, 0, 256).toArray(), random.ints(64, 0, 256).toArray()));
        }
        measure(
                "decoder layer of width 128, MLP 512, 256 tokens, 16 x 64",
                new CausalDecoder(256, 128, 512),
                sequences,
                "LayerNorm",
                "TokenEmbedding");
    }

    private static Conv2d convolution(int filters) {
        return Conv2d.builder()
                .setKernelShape(new Shape(3, 3))
                .optStride(new Shape(2, 2))
                .setFilters(filters)
                .build();
    }

    private static void measure(String what, Block block, List<DjlExample> examples, String... excluded) {
        ExampleSource<DjlExample> source = ExampleSource.of(examples);
        ExampleBatch<DjlExample> batch =
                source.batches(examples.size()).iterator().next();
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            block.initialize(
                    manager, DataType.FLOAT32, Batch.of(batch, manager).array().getShape());
            try (DjlProvider provider = DjlProvider.of(block, Loss.SOFTMAX_CROSS_ENTROPY, source, excluded)) {
                double[] own = new double[40];
                double[] capture = new double[40];
                for (int k = -10; k < 40; k++) {
                    long start = System.nanoTime();
                    train(block, batch, manager);
                    long middle = System.nanoTime();
                    provider.capture(batch, new Objective.SampledLabels(1), provider.layers(), c -> {});
                    if (k >= 0) {
                        own[k] = (middle - start) / 1e6;
                        capture[k] = (System.nanoTime() - middle) / 1e6;
                    }
                }
                System.out.printf(
                        Locale.ROOT,
                        "| DJL | %s | %.1f | %.1f | %.2f |%n",
                        what,
                        median(own),
                        median(capture),
                        median(capture) / median(own));
            }
        }
    }

    private static void train(Block block, ExampleBatch<DjlExample> batch, NDManager manager) {
        try (NDManager pass = manager.newSubManager()) {
            NDArray input = Batch.of(batch, pass).array();
            List<double[]> targets = batch.examples().stream()
                    .flatMap(e -> Arrays.stream(e.targets()))
                    .toList();
            float[] labels = new float[targets.size()];
            for (int k = 0; k < labels.length; k++) {
                labels[k] = (float) targets.get(k)[0];
            }
            try (GradientCollector collector = pass.getEngine().newGradientCollector()) {
                NDArray outputs = block.forward(new ParameterStore(pass, false), new NDList(input), true)
                        .head();
                NDArray flat = outputs.reshape(labels.length, outputs.size() / labels.length);
                NDArray loss =
                        new SoftmaxCrossEntropyLoss().evaluate(new NDList(pass.create(labels)), new NDList(flat));
                collector.backward(loss);
                // read a number, so that all work is done
                block.getParameters()
                        .get(0)
                        .getValue()
                        .getArray()
                        .getGradient()
                        .sum()
                        .getFloat();
            }
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
