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
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The scores that kronfluence computes in float64 for the same weights. */
class KronfluenceTest {

    @BeforeAll
    static void pyTorchIsThere() {
        PyTorch.require();
    }

    @Test
    void convolutions() {
        Golden golden = Golden.load("convolutions");
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            check(
                    golden,
                    convolutions(golden, manager),
                    golden.examples("train", 2, 6, 6),
                    golden.examples("queries", 2, 6, 6));
        }
    }

    private static Block convolutions(Golden golden, NDManager manager) {
        return golden.load(
                new SequentialBlock()
                        .add(Conv2d.builder()
                                .setKernelShape(new Shape(3, 3))
                                .optPadding(new Shape(1, 1))
                                .setFilters(3)
                                .build())
                        .add(Activation.tanhBlock())
                        .add(Conv2d.builder()
                                .setKernelShape(new Shape(3, 3))
                                .optStride(new Shape(2, 2))
                                .optBias(false)
                                .setFilters(4)
                                .build())
                        .add(Activation.tanhBlock())
                        .add(Blocks.batchFlattenBlock())
                        .add(Linear.builder().setUnits(3).build()),
                manager,
                new Shape(1, 2, 6, 6));
    }

    /** Patches and output gradients are those of PyTorch's own unfold and autograd in float64. */
    @Test
    void capturesOfConvolutions() {
        Golden golden = Golden.load("convolutions");
        Golden captures = Golden.load("captures");
        List<DjlExample> train = golden.examples("train", 2, 6, 6);
        try (NDManager manager = NDManager.newBaseManager("PyTorch");
                DjlProvider provider = DjlProvider.of(
                        convolutions(golden, manager), Loss.SOFTMAX_CROSS_ENTROPY, ExampleSource.of(train))) {
            provider.capture(
                    ExampleSource.of(train).batches(3).iterator().next(),
                    new Objective.TrainingLoss(),
                    provider.layers(),
                    capture -> {
                        String layer = capture.layer().name();
                        MatrixAssert.assertClose(
                                captures.table(layer, "inputs"),
                                capture.activations().toArray(),
                                Tolerances.REORDERED_FLOAT32,
                                "inputs of " + layer);
                        MatrixAssert.assertClose(
                                captures.table(layer, "gradients"),
                                capture.outputGradients().toArray(),
                                Tolerances.REORDERED_FLOAT32,
                                "output gradients of " + layer);
                    });
        }
    }

    @Test
    void decoder() {
        Golden golden = Golden.load("decoder");
        try (NDManager manager = NDManager.newBaseManager("PyTorch")) {
            Block model = golden.load(new CausalDecoder(), manager, new Shape(1, 5));
            check(golden, model, golden.examples("train"), golden.examples("queries"), "LayerNorm", "TokenEmbedding");
        }
    }

    private static void check(
            Golden golden, Block model, List<DjlExample> train, List<DjlExample> queries, String... excluded) {
        try (DjlProvider provider =
                DjlProvider.of(model, Loss.SOFTMAX_CROSS_ENTROPY, ExampleSource.of(train), excluded)) {
            InfluenceScores scores = Golden.compute(Strategy.EKFAC, provider, train, queries);
            for (LayerSpec layer : provider.layers()) {
                MatrixAssert.assertClose(
                        golden.table("scores", layer.name()),
                        scores.layer(layer.name()).toArray(),
                        Tolerances.PARITY_FLOAT32,
                        "scores at " + layer.name());
            }
        }
    }
}
