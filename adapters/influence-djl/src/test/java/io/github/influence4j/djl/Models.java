package io.github.influence4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.Parameter;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.ParameterStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Small models with random parameters, and examples for them. */
final class Models {

    private Models() {}

    static Block mlp(NDManager manager) {
        return initialised(
                new SequentialBlock()
                        .add(Linear.builder().setUnits(5).build())
                        .add(Activation.tanhBlock())
                        .add(Dropout.builder().optRate(0.5f).build())
                        .add(Linear.builder().setUnits(4).build())
                        .add(Activation.tanhBlock())
                        .add(Linear.builder().setUnits(3).build()),
                manager,
                1,
                new Shape(1, 4));
    }

    /** Two convolutions, the second grouped, with batch normalisation between them. */
    static Block convolutions(NDManager manager) {
        return initialised(
                new SequentialBlock()
                        .add(Conv2d.builder()
                                .setKernelShape(new Shape(3, 3))
                                .optPadding(new Shape(1, 1))
                                .setFilters(4)
                                .build())
                        .add(BatchNorm.builder().build())
                        .add(Activation.tanhBlock())
                        .add(Conv2d.builder()
                                .setKernelShape(new Shape(3, 2))
                                .optStride(new Shape(2, 1))
                                .optGroups(2)
                                .optBias(false)
                                .setFilters(6)
                                .build())
                        .add(Activation.tanhBlock())
                        .add(Pool.avgPool2dBlock(new Shape(2, 2)))
                        .add(Blocks.batchFlattenBlock())
                        .add(Linear.builder().setUnits(3).build()),
                manager,
                2,
                new Shape(1, 2, 6, 6));
    }

    /** A linear block that runs three times. */
    static Block shared(NDManager manager) {
        Linear twice = Linear.builder().setUnits(4).build();
        return initialised(
                new SequentialBlock()
                        .add(twice)
                        .add(Activation.tanhBlock())
                        .add(twice)
                        .add(Activation.tanhBlock())
                        .add(twice)
                        .add(Activation.tanhBlock())
                        .add(Linear.builder().setUnits(2).build()),
                manager,
                3,
                new Shape(1, 4));
    }

    static Block decoder(NDManager manager) {
        return initialised(new CausalDecoder(), manager, 4, new Shape(1, 5));
    }

    static Block encoder(NDManager manager) {
        return initialised(new MaskedEncoder(), manager, 6, new Shape(1, 5));
    }

    /** Random parameters everywhere: biases and shifts of 0 would hide mistakes. */
    private static Block initialised(Block block, NDManager manager, int seed, Shape input) {
        block.initialize(manager, DataType.FLOAT32, input);
        Random random = new Random(seed);
        for (Parameter parameter : block.getParameters().values()) {
            NDArray array = parameter.getArray();
            float[] values = new float[(int) array.size()];
            boolean spread = parameter.getName().contains("Var");
            for (int k = 0; k < values.length; k++) {
                values[k] = spread ? 0.5f + random.nextFloat() : (float) (0.4 * random.nextGaussian());
            }
            array.set(values);
        }
        return block;
    }

    static List<DjlExample> classified(int count, int seed, int classes, long... shape) {
        Random random = new Random(seed);
        int size = 1;
        for (long s : shape) {
            size *= (int) s;
        }
        List<DjlExample> examples = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            float[] values = new float[size];
            for (int k = 0; k < size; k++) {
                values[k] = (float) random.nextGaussian();
            }
            examples.add(DjlExample.classified(values, random.nextInt(classes), shape));
        }
        return examples;
    }

    static List<DjlExample> sequences(int count, int seed) {
        Random random = new Random(seed);
        List<DjlExample> examples = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            int length = 3 + e % 3;
            long[] tokens = random.longs(length, 0, CausalDecoder.VOCABULARY).toArray();
            examples.add(DjlExample.sequence(
                    tokens, random.ints(length, 0, CausalDecoder.VOCABULARY).toArray()));
        }
        return examples;
    }

    static List<DjlExample> sentences(int count, int seed) {
        Random random = new Random(seed);
        List<DjlExample> examples = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            examples.add(DjlExample.classifiedTokens(
                    random.longs(3 + e % 3, 0, CausalDecoder.VOCABULARY).toArray(),
                    random.nextInt(MaskedEncoder.CLASSES)));
        }
        return examples;
    }

    /** What the model itself puts out for one example, [positions, outputs]. */
    static double[][] outputs(Block block, DjlExample example) {
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            NDArray input = example.tokens().length > 0
                    ? manager.create(example.tokens(), new Shape(1, example.tokens().length))
                    : manager.create(example.values(), new Shape(1).addAll(new Shape(example.shape())));
            NDList inputs = new NDList(input);
            if (block instanceof MaskedEncoder) {
                inputs.add(manager.ones(input.getShape()));
            }
            NDArray output = block.forward(new ParameterStore(manager, false), inputs, false)
                    .head();
            float[] values = output.toFloatArray();
            int o = (int) output.getShape().get(output.getShape().dimension() - 1);
            double[][] rows = new double[values.length / o][o];
            for (int k = 0; k < values.length; k++) {
                rows[k / o][k % o] = values[k];
            }
            return rows;
        }
    }
}
