package io.github.influence4j.djl;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Grouped convolutions and blocks that run several times, where kronfluence is wrong (by 76 % and 16 % of its dot products on
 * these very models), against autograd one example at a time and dense float64 algebra.
 */
class DenseOracleTest {

    @BeforeAll
    static void pyTorchIsThere() {
        PyTorch.require();
    }

    @Test
    void groupedConvolution() {
        Golden golden = Golden.load("grouped");
        Block block = new SequentialBlock()
                .add(Conv2d.builder()
                        .setKernelShape(new Shape(3, 3))
                        .optPadding(new Shape(1, 1))
                        .setFilters(4)
                        .build())
                .add(Activation.tanhBlock())
                .add(Conv2d.builder()
                        .setKernelShape(new Shape(3, 2))
                        .optStride(new Shape(2, 1))
                        .optGroups(2)
                        .optBias(false)
                        .setFilters(6)
                        .build())
                .add(Activation.tanhBlock())
                .add(Blocks.batchFlattenBlock())
                .add(Linear.builder().setUnits(3).build());
        check(golden, block, 2, 6, 6);
    }

    @Test
    void blockThatRunsThreeTimes() {
        Linear thrice = Linear.builder().setUnits(4).build();
        Block block = new SequentialBlock()
                .add(thrice)
                .add(Activation.tanhBlock())
                .add(thrice)
                .add(Activation.tanhBlock())
                .add(thrice)
                .add(Activation.tanhBlock())
                .add(Linear.builder().setUnits(3).build());
        check(Golden.load("shared"), block, 4);
    }

    private static void check(Golden golden, Block block, long... shape) {
        List<DjlExample> train = golden.examples("train", shape);
        List<DjlExample> queries = golden.examples("queries", shape);
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            golden.load(block, manager, new Shape(1).addAll(new Shape(shape)));
            try (DjlProvider provider = DjlProvider.of(block, Loss.SOFTMAX_CROSS_ENTROPY, ExampleSource.of(train))) {
                InfluenceScores products = Golden.compute(Strategy.IDENTITY, provider, train, queries);
                InfluenceScores scores = Golden.compute(Strategy.EKFAC, provider, train, queries);
                for (LayerSpec layer : provider.layers()) {
                    compare(golden, "dot", layer, products);
                    compare(golden, "scores", layer, scores);
                }
            }
        }
    }

    private static void compare(Golden golden, String what, LayerSpec layer, InfluenceScores found) {
        MatrixAssert.assertClose(
                golden.table(what, layer.name()),
                found.layer(layer.name()).toArray(),
                Tolerances.PARITY_FLOAT32,
                what + " at " + layer.name());
    }
}
