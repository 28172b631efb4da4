package io.github.influence4j.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.util.Pair;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is refused and reported, that the model stays as it was, and the scores of the library's own network. */
class DjlProviderTest {

    private NDManager manager;

    @BeforeAll
    static void pyTorchIsThere() {
        PyTorch.require();
    }

    @BeforeEach
    void open() {
        manager = NDManager.newBaseManager("PyTorch");
    }

    @AfterEach
    void close() {
        manager.close();
    }

    @Test
    void theModelIsUnchangedBitForBit() {
        Block block = Models.decoder(manager);
        List<DjlExample> examples = Models.sequences(4, 3);
        List<float[]> before = parameters(block);
        List<Block> children = leaves(block);
        try (DjlProvider provider = provider(block, examples, "LayerNorm", "TokenEmbedding")) {
            provider.capture(
                    ExampleSource.of(examples).batches(4).iterator().next(),
                    new Objective.SampledLabels(1),
                    provider.layers(),
                    capture -> {});
        }
        List<float[]> after = parameters(block);
        for (int k = 0; k < before.size(); k++) {
            assertArrayEquals(before.get(k), after.get(k));
        }
        List<Block> back = leaves(block);
        for (int k = 0; k < children.size(); k++) {
            assertSame(children.get(k), back.get(k));
        }
    }

    private static DjlProvider provider(Block block, List<DjlExample> examples, String... excluded) {
        return DjlProvider.of(block, Loss.SOFTMAX_CROSS_ENTROPY, ExampleSource.of(examples), excluded);
    }

    private static List<float[]> parameters(Block block) {
        return block.getParameters().values().stream()
                .map(p -> p.getArray().toFloatArray())
                .toList();
    }

    private static List<Block> leaves(Block block) {
        List<Block> all = new ArrayList<>(List.of(block));
        for (Pair<String, Block> child : block.getChildren()) {
            all.addAll(leaves(child.getValue()));
        }
        return all;
    }

    /** What another thread predicts in the middle of a pass is the model's own, and stays out of the captures. */
    @Test
    void anotherThreadCanPredictDuringAPass() throws Exception {
        AtomicReference<Runnable> inTheMiddle = new AtomicReference<>(() -> {});
        SequentialBlock block = new SequentialBlock()
                .add(Linear.builder().setUnits(5).build())
                .add(new LambdaBlock(list -> {
                    inTheMiddle.getAndSet(() -> {}).run();
                    return list;
                }))
                .add(Linear.builder().setUnits(3).build());
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 4));
        List<DjlExample> examples = Models.classified(3, 1, 3, 4);
        ExampleBatch<DjlExample> batch =
                ExampleSource.of(examples).batches(3).iterator().next();
        Objective objective = new Objective.SampledLabels(1);
        float[] predicted = predict(block);
        List<Block> before = leaves(block);
        List<Object> seen = new ArrayList<>();
        try (DjlProvider provider = provider(block, examples)) {
            List<LayerGradients> alone = GradientChecks.gradients(provider, batch, objective);
            inTheMiddle.set(() -> {
                List<Block> during = leaves(block);
                for (int k = 0; k < before.size(); k++) {
                    seen.add(before.get(k) == during.get(k));
                }
                Thread other = new Thread(() -> seen.add(predict(block)));
                other.start();
                try {
                    other.join();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            List<LayerGradients> together = GradientChecks.gradients(provider, batch, objective);
            for (int e = 0; e < 3; e++) {
                assertArrayEquals(alone.get(e).toFlat(), together.get(e).toFlat(), "example " + e);
            }
        }
        assertEquals(before.size() + 1, seen.size());
        assertTrue(seen.stream().noneMatch(Boolean.FALSE::equals), "the model's tree was changed");
        assertArrayEquals(predicted, (float[]) seen.get(before.size()));
    }

    private float[] predict(Block block) {
        NDList inputs = new NDList(manager.create(new float[] {1, -2, 3, 0.5f}, new Shape(1, 4)));
        return block.forward(new ParameterStore(manager, false), inputs, false)
                .singletonOrThrow()
                .toFloatArray();
    }

    @Test
    void tokensAndFeaturesInOneBatchAreRefused() {
        List<DjlExample> features = Models.classified(2, 1, 3, 4);
        List<DjlExample> tokens = Models.sequences(1, 3);
        try (DjlProvider provider = provider(Models.mlp(manager), features)) {
            for (List<DjlExample> mixed : List.of(
                    List.of(features.get(0), tokens.get(0), features.get(1)),
                    List.of(tokens.get(0), features.get(0), features.get(1)))) {
                String refusal = message(() -> provider.capture(
                        ExampleSource.of(mixed, new long[] {7, 8, 9})
                                .batches(3)
                                .iterator()
                                .next(),
                        new Objective.TrainingLoss(),
                        provider.layers(),
                        capture -> {}));
                assertTrue(refusal.contains("example 8 has") && refusal.contains("one of the two"), refusal);
            }
        }
    }

    @Test
    void blocksThatCannotBeTracedAreRefusedByName() {
        Block block = Models.decoder(manager);
        String refusal = message(() -> provider(block, Models.sequences(2, 3)));
        assertTrue(refusal.contains("01embedding (TokenEmbedding, 42 parameters)"), refusal);
        assertTrue(refusal.contains("02norm1 (LayerNorm, 12 parameters)"), refusal);
        try (DjlProvider provider = provider(block, Models.sequences(2, 3), "LayerNorm", "01embedding")) {
            assertEquals(
                    66,
                    provider.coverage().uncovered().stream()
                            .mapToLong(u -> u.parameters())
                            .sum());
            assertTrue(provider.coverage().uncoveredShare() > 0.1);
        }
        assertTrue(message(() -> provider(block, Models.sequences(2, 3), "nonsense"))
                .contains("nonsense"));
    }

    @Test
    void frozenBlocksAreNamed() {
        Block block = Models.mlp(manager);
        block.getChildren().get(0).getValue().freezeParameters(true);
        List<DjlExample> examples = Models.classified(2, 1, 3, 4);
        String refusal = message(() -> provider(block, examples));
        assertTrue(refusal.contains("01Linear (Linear, 25 parameters): frozen"), refusal);
        try (DjlProvider provider = provider(block, examples, "01Linear")) {
            assertEquals(25, provider.coverage().uncovered().get(0).parameters());
            assertEquals(24 + 15, provider.coverage().traced());
        }
    }

    @Test
    void blocksThatRunUnseenAreFoundOut() {
        Linear linear = Linear.builder().setUnits(4).build();
        Block block = new SequentialBlock().add(linear).add(new HiddenUse(() -> linear));
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 4));
        String failure = String.valueOf(
                assertThrows(IllegalStateException.class, () -> provider(block, Models.classified(2, 1, 4, 4)))
                        .getMessage());
        assertTrue(failure.contains("block 01Linear: captures do not sum to PyTorch's gradient"), failure);
    }

    @Test
    void groupsAreLayersOfTheirOwn() {
        try (DjlProvider provider =
                provider(Models.convolutions(manager), Models.classified(2, 1, 3, 2, 6, 6), "BatchNorm")) {
            assertEquals(
                    List.of("01Conv2d", "04Conv2d[0]", "04Conv2d[1]", "08Linear"),
                    provider.layers().stream().map(LayerSpec::name).toList());
            assertEquals(12, provider.layers().get(1).inputs());
            assertEquals(3, provider.layers().get(1).outputs());
        }
    }

    @Test
    void scoresOfTheLibrarysOwnNetwork() {
        Block block = Models.mlp(manager);
        List<DjlExample> train = Models.classified(60, 1, 3, 4);
        List<DjlExample> queries = Models.classified(5, 2, 3, 4);
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 4, 5, 4, 3);
        try (MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
                DjlProvider provider = provider(block, train);
                Mlp initial = Mlp.create(backend, shape, 1);
                Mlp model = initial.withWeights(weights(provider, block, train, initial.layers()))) {
            InfluenceScores expected = scores(backend, model, own(train), own(queries));
            InfluenceScores actual = scores(backend, provider, ExampleSource.of(train), ExampleSource.of(queries));
            MatrixAssert.assertClose(expected.matrix(), actual.matrix(), Tolerances.PARITY_FLOAT32, "scores");
        }
    }

    private static <E> InfluenceScores scores(
            MatrixBackend backend, GradientProvider<E> model, ExampleSource<E> train, ExampleSource<E> queries) {
        try (EigenbasisCurvature curvature = EigenbasisApproximator.<E>of(backend, FitOptions.defaults())
                        .fit(model, train);
                IhvpSolver solver = curvature.solver(Damping.DEFAULT)) {
            return new InfluenceScorer<>(backend, model).pairwise(solver, queries, train);
        }
    }

    private static LayerGradients weights(
            DjlProvider provider, Block block, List<DjlExample> data, List<LayerSpec> layers) {
        DjlHost host = new DjlHost(provider, block, data);
        List<Matrix> matrices = new ArrayList<>();
        provider.layers().forEach(layer -> matrices.add(Matrix.of(host.weights(layer))));
        return LayerGradients.of(layers, matrices);
    }

    private static ExampleSource<LabelledExample> own(List<DjlExample> examples) {
        return ExampleSource.of(examples.stream()
                .map(e -> {
                    double[] features = new double[e.values().length];
                    for (int i = 0; i < features.length; i++) {
                        features[i] = e.values()[i];
                    }
                    return LabelledExample.classified(features, (int) e.targets()[0][0]);
                })
                .toList());
    }

    private static String message(Runnable action) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, action::run).getMessage());
    }
}
