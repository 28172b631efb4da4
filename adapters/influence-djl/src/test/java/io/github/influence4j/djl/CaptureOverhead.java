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
import io.github.influence4j.api.Objective;
import io.github.influence4j.models.Loss;
import java.util.Arrays;
import java.util.List;

/** Times a capture against DJL's own forward and backward pass, taking turns, median of 40. For a person to run. */
final class CaptureOverhead {

    private static final int N = 128;

    private CaptureOverhead() {}

    public static void main(String[] args) {
        PyTorch.require();
        measure(
                "dense 784-512-512-10",
                new SequentialBlock()
                        .add(Linear.builder().setUnits(512).build())
                        .add(Activation.reluBlock())
                        .add(Linear.builder().setUnits(512).build())
                        .add(Activation.reluBlock())
                        .add(Linear.builder().setUnits(10).build()),
                784);
        measure(
                "conv 3x32x32, 16 and 32 filters of 3x3",
                new SequentialBlock()
                        .add(convolution(16))
                        .add(Activation.reluBlock())
                        .add(convolution(32))
                        .add(Activation.reluBlock())
                        .add(Blocks.batchFlattenBlock())
                        .add(Linear.builder().setUnits(10).build()),
                3,
                32,
                32);
    }

    private static Conv2d convolution(int filters) {
        return Conv2d.builder()
                .setKernelShape(new Shape(3, 3))
                .optStride(new Shape(2, 2))
                .setFilters(filters)
                .build();
    }

    private static void measure(String what, Block block, long... shape) {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            Shape input = new Shape(N).addAll(new Shape(shape));
            block.initialize(manager, DataType.FLOAT32, input);
            List<DjlExample> examples = Models.classified(N, 1, 10, shape);
            ExampleBatch<DjlExample> batch =
                    ExampleSource.of(examples).batches(N).iterator().next();
            DjlProvider provider = DjlProvider.of(block, Loss.SOFTMAX_CROSS_ENTROPY, ExampleSource.of(examples));
            double[] own = new double[40];
            double[] capture = new double[40];
            for (int k = -10; k < 40; k++) {
                long start = System.nanoTime();
                train(block, examples, manager);
                long middle = System.nanoTime();
                provider.capture(batch, new Objective.SampledLabels(1), provider.layers(), c -> {});
                if (k >= 0) {
                    own[k] = (middle - start) / 1e6;
                    capture[k] = (System.nanoTime() - middle) / 1e6;
                }
            }
            System.out.printf(
                    "%s: own %.2f ms, capture %.2f ms (%.2fx)%n",
                    what, median(own), median(capture), median(capture) / median(own));
        }
    }

    private static void train(Block block, List<DjlExample> examples, NDManager manager) {
        try (NDManager pass = manager.newSubManager()) {
            ExampleBatch<DjlExample> batch =
                    ExampleSource.of(examples).batches(N).iterator().next();
            NDArray input = Batch.of(batch, pass).array();
            float[] labels = new float[N];
            for (int e = 0; e < N; e++) {
                labels[e] = (float) examples.get(e).targets()[0][0];
            }
            try (GradientCollector collector = pass.getEngine().newGradientCollector()) {
                NDArray outputs = block.forward(new ParameterStore(pass, false), new NDList(input), true)
                        .head();
                NDArray loss =
                        new SoftmaxCrossEntropyLoss().evaluate(new NDList(pass.create(labels)), new NDList(outputs));
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
