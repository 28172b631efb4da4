package io.github.influence4j.ekfac;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.LayerGroups;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Layers that read the same input: one A and one Q_A for all of them, and not a bit of a result is another. */
class SharedInputsTest {

    private static final ExampleSource<Sequence> TRAIN = RandomSequences.sequences(23, 100);
    private static final ExampleSource<Sequence> QUERIES = RandomSequences.sequences(3, 900);
    private static final List<LayerSpec> LAYERS = List.of(
            LayerSpec.tokens("q", 7, 4),
            LayerSpec.tokens("k", 7, 2),
            LayerSpec.tokens("gate", 5, 9).withoutBias(),
            LayerSpec.tokens("v", 7, 3),
            LayerSpec.tokens("up", 5, 6).withoutBias(),
            LayerSpec.tokens("down", 5, 2).withoutBias());
    private static final List<List<String>> LISTS = List.of(List.of("k", "q", "v"), List.of("gate", "up"));
    private static final SharingSequences MODEL = SharingSequences.honest(LAYERS, LISTS);

    private static EigenbasisCurvature fit(
            MatrixBackend backend, FitOptions options, GradientProvider<Sequence> model) {
        return EigenbasisApproximator.<Sequence>of(backend, options).fit(model, TRAIN);
    }

    private static double[][] scores(
            MatrixBackend backend, GradientProvider<Sequence> model, EigenbasisCurvature curvature) {
        try (EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            return new InfluenceScorer<>(backend, model)
                    .pairwise(solver, QUERIES, TRAIN)
                    .matrix()
                    .toArray();
        }
    }

    /** Fits a model that says what its layers share and the same one that does not. */
    private static void assertSameToTheBit(MatrixBackend backend, FitOptions options, SharingSequences model) {
        SharingSequences silent = model.saying(List.of());
        try (EigenbasisCurvature expected = fit(backend, options.withMemoryLimit(Long.MAX_VALUE), silent);
                EigenbasisCurvature actual = fit(backend, options, model)) {
            assertEquals(expected.layers(), actual.layers());
            for (int l = 0; l < expected.layers().size(); l++) {
                LayerCurvature one = expected.layerCurvatures().get(l);
                LayerCurvature other = actual.layerCurvatures().get(l);
                assertEquals(one.basis().isPresent(), other.basis().isPresent());
                if (one.basis().isPresent()) {
                    assertSameBits(one.basis().get(), other.basis().get());
                }
                assertEquals(one.eigenvalues().isPresent(), other.eigenvalues().isPresent());
                if (one.eigenvalues().isPresent()) {
                    assertArrayEquals(
                            one.eigenvalues().get().toArray(),
                            other.eigenvalues().get().toArray());
                }
            }
            assertArrayEquals(scores(backend, silent, expected), scores(backend, model, actual));
        }
    }

    private static void assertSameBits(LayerEigenbasis one, LayerEigenbasis other) {
        assertArrayEquals(
                one.activationVectors().toArray(), other.activationVectors().toArray());
        assertArrayEquals(one.activationValues(), other.activationValues());
        assertArrayEquals(
                one.gradientVectors().toArray(), other.gradientVectors().toArray());
        assertArrayEquals(one.gradientValues(), other.gradientValues());
    }

    @ParameterizedTest
    @EnumSource(Strategy.class)
    void everyStrategyGivesTheSameBits(Strategy strategy) {
        for (MatrixBackend backend : TestBackends.all()) {
            FitOptions options = FitOptions.defaults().withStrategy(strategy).withBatchSize(7);
            assertSameToTheBit(backend, options, MODEL);
            assertSameToTheBit(backend, options.withBlocks(2), MODEL);
        }
    }

    @ParameterizedTest
    @EnumSource(Strategy.class)
    void sharedMatricesAreHeldOnce(Strategy strategy) {
        FitOptions options = FitOptions.defaults().withStrategy(strategy);
        for (MatrixBackend backend : TestBackends.all()) {
            try (EigenbasisCurvature alone = fit(backend, options, MODEL.saying(List.of()));
                    EigenbasisCurvature shared = fit(backend, options, MODEL)) {
                boolean shares = strategy == Strategy.EKFAC || strategy == Strategy.KFAC;
                // two more of 8 x 8 and one of 5 x 5
                double saved = shares ? backend.precision().bytes() * (2 * 64 + 25) : 0;
                assertEquals(alone.heldBytes() - saved, shared.heldBytes());
                try (EigenbasisSolver solver = shared.solver(Damping.DEFAULT)) {
                    assertEquals(shared.heldBytes(), solver.heldBytes(1).orElseThrow());
                }
                FactorMemory memory =
                        new FactorMemory(backend.precision(), strategy, 1, SharedInputs.of(LISTS, LAYERS));
                assertEquals(shared.heldBytes(), memory.keptBytes(LAYERS));
                if (shares) {
                    assertSame(vectors(shared, 0), vectors(shared, 1));
                    assertSame(vectors(shared, 0), vectors(shared, 3));
                    assertSame(vectors(shared, 2), vectors(shared, 4));
                    assertNotSame(vectors(shared, 2), vectors(shared, 5));
                }
            }
        }
    }

    private static Object vectors(EigenbasisCurvature curvature, int layer) {
        return curvature.layerCurvatures().get(layer).basis().orElseThrow().activationVectors();
    }

    /** Q_A diag(α) Q_Aᵀ of every layer against A in plain loops over what the layer was given. */
    @Test
    void everyLayerHasTheCovarianceOfItsInputs() {
        for (MatrixBackend backend : TestBackends.float64()) {
            try (EigenbasisCurvature curvature =
                    fit(backend, FitOptions.defaults().withBatchSize(7), MODEL)) {
                for (LayerCurvature layer : curvature.layerCurvatures()) {
                    double[][] expected = covariance(layer.layer());
                    double[][] q =
                            layer.basis().orElseThrow().activationVectors().toArray();
                    double[] alpha = layer.basis().orElseThrow().activationValues();
                    for (int r = 0; r < alpha.length; r++) {
                        for (int c = 0; c < alpha.length; c++) {
                            double actual = 0;
                            for (int k = 0; k < alpha.length; k++) {
                                actual += q[r][k] * alpha[k] * q[c][k];
                            }
                            assertEquals(
                                    expected[r][c],
                                    actual,
                                    Tolerances.REORDERED_FLOAT64 * alpha[alpha.length - 1],
                                    layer.layer().name());
                        }
                    }
                }
            }
        }
    }

    private static double[][] covariance(LayerSpec layer) {
        int order = layer.gradientColumns();
        double[][] sum = new double[order][order];
        int[] positions = {0};
        for (ExampleBatch<Sequence> batch : TRAIN.batches(1)) {
            MODEL.capture(batch, new Objective.TrainingLoss(), List.of(layer), capture -> {
                double[][] a = capture.activations().toArray();
                for (double[] row : a) {
                    positions[0]++;
                    for (int r = 0; r < order; r++) {
                        for (int c = 0; c < order; c++) {
                            sum[r][c] += (r < row.length ? row[r] : 1) * (c < row.length ? row[c] : 1);
                        }
                    }
                }
            });
        }
        for (double[] row : sum) {
            for (int c = 0; c < order; c++) {
                row[c] /= positions[0];
            }
        }
        return sum;
    }

    /** Where not all layers are fitted together, those that read one input may be divided. */
    @ParameterizedTest
    @EnumSource(
            value = Strategy.class,
            names = {"EKFAC", "KFAC"})
    void groupsOfLayersGiveTheSameBits(Strategy strategy) {
        List<String> names = IntStream.range(0, 24).mapToObj(l -> "layer" + l).toList();
        List<LayerSpec> layers =
                names.stream().map(name -> LayerSpec.tokens(name, 5, 14)).toList();
        SharingSequences model = SharingSequences.honest(layers, List.of(names));
        Set<Integer> counts = new HashSet<>();
        for (MatrixBackend backend : TestBackends.all()) {
            FactorMemory memory = new FactorMemory(backend.precision(), strategy, 1, SharedInputs.of(model, layers));
            for (double share = 1; share > 0.5; share -= 0.05) {
                FitOptions options = FitOptions.defaults()
                        .withStrategy(strategy)
                        .withMemoryLimit((long) (share * memory.peakBytes(layers)));
                try {
                    counts.add(LayerGroups.of(
                                    layers,
                                    memory,
                                    backend,
                                    options.memoryLimit().orElseThrow())
                            .groups()
                            .size());
                } catch (IllegalArgumentException tooLittle) {
                    break;
                }
                assertSameToTheBit(backend, options, model);
            }
        }
        assertTrue(counts.contains(1) && counts.size() > 1, counts::toString);
    }

    /** Layers by what they read: inputs, bias, kind of positions, and the outputs of each layer. */
    record Input(int width, boolean bias, Positions positions, List<Integer> outputs) {}

    @Provide
    Arbitrary<List<Input>> inputs() {
        Arbitrary<Input> one = Combinators.combine(
                        Arbitraries.integers().between(1, 6),
                        Arbitraries.of(true, false),
                        Arbitraries.of(Positions.TOKENS, Positions.NONE),
                        Arbitraries.integers().between(1, 5).list().ofMinSize(1).ofMaxSize(4))
                .as(Input::new);
        return one.list().ofMinSize(1).ofMaxSize(4);
    }

    @Property(tries = 60)
    void anyListsGiveTheSameBits(
            @ForAll("inputs") List<Input> inputs,
            @ForAll boolean inTurn,
            @ForAll @IntRange(min = 1, max = 25) int batch,
            @ForAll @IntRange(min = 1, max = 3) int blocks,
            @ForAll Strategy strategy) {
        List<LayerSpec> layers = new ArrayList<>();
        List<List<String>> lists = new ArrayList<>();
        for (Input input : inputs) {
            List<String> list = new ArrayList<>();
            for (int outputs : input.outputs()) {
                String name = lists.size() + "." + list.size();
                list.add(name);
                layers.add(new LayerSpec(name, input.width(), outputs, input.bias(), input.positions()));
            }
            lists.add(list);
        }
        if (inTurn) {
            // layers that read one input need not follow one another
            layers.sort((one, other) ->
                    one.name().substring(2).compareTo(other.name().substring(2)));
        }
        FitOptions options = FitOptions.defaults()
                .withStrategy(strategy)
                .withBatchSize(batch)
                .withBlocks(blocks);
        assertSameToTheBit(TestBackends.EJML, options, SharingSequences.honest(layers, lists));
    }

    @Test
    void layersThatReadOtherInputsAreRefusedByName() {
        // down reads another input of the same shape
        GradientProvider<Sequence> liar = MODEL.saying(List.of(List.of("gate", "up", "down")));
        for (MatrixBackend backend : TestBackends.all()) {
            String refusal = refusal(backend, liar);
            assertTrue(refusal.contains("layer down") && refusal.contains("layer gate"), refusal);
            assertTrue(refusal.contains("sharedInputs()"), refusal);
        }
    }

    /** One layer hides a position in the last batch only. */
    @Test
    void layersWithOtherMasksAreRefusedWhereverTheyDiffer() {
        GradientProvider<Sequence> liar = new GradientProvider<>() {
            @Override
            public List<LayerSpec> layers() {
                return LAYERS;
            }

            @Override
            public List<List<String>> sharedInputs() {
                return LISTS;
            }

            @Override
            public void capture(
                    ExampleBatch<Sequence> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
                MODEL.capture(batch, objective, wanted, capture -> {
                    boolean[] real = new boolean[capture.rows()];
                    for (int row = 0; row < real.length; row++) {
                        real[row] = capture.mask().isReal(row);
                    }
                    real[0] &= !capture.layer().name().equals("up") || batch.size() == 7;
                    sink.accept(capture.withMask(PositionMask.of(real)));
                });
            }
        };
        String refusal = assertThrows(IllegalArgumentException.class, () -> fit(
                                TestBackends.EJML, FitOptions.defaults().withBatchSize(7), liar)
                        .close())
                .toString();
        assertTrue(refusal.contains("layer up") && refusal.contains("real positions"), refusal);
    }

    @Test
    void listsThatCannotBeRightAreRefused() {
        record Wrong(List<List<String>> lists, String... parts) {}
        for (Wrong wrong : List.of(
                new Wrong(List.of(List.of("q", "other")), "layer other", "not one of the model's"),
                new Wrong(List.of(List.of("q", "k"), List.of("v", "k")), "layer k", "twice"),
                new Wrong(List.of(List.of("q", "q")), "layer q", "twice"),
                new Wrong(List.of(List.of("q", "down")), "layer down", "7 inputs", "5 inputs"))) {
            String refusal = refusal(TestBackends.EJML, MODEL.saying(wrong.lists()));
            for (String part : wrong.parts()) {
                assertTrue(refusal.contains(part), refusal);
            }
        }
        List<LayerSpec> shapes = List.of(
                LayerSpec.tokens("a", 3, 2), LayerSpec.tokens("b", 3, 2).withoutBias(), LayerSpec.dense("c", 3, 2));
        for (String other : List.of("b", "c")) {
            assertThrows(IllegalArgumentException.class, () -> SharedInputs.of(List.of(List.of("a", other)), shapes));
        }
    }

    private static String refusal(MatrixBackend backend, GradientProvider<Sequence> model) {
        return assertThrows(IllegalArgumentException.class, () -> fit(backend, FitOptions.defaults(), model)
                        .close())
                .toString();
    }
}
