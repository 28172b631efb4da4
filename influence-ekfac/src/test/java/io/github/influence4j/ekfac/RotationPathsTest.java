package io.github.influence4j.ekfac;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.eigen.RotationCost;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.score.ScoringWays;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.WorkSizes;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every way of forming squares of rotated gradients gives the same eigenvalues and the same self-influence. */
class RotationPathsTest {

    private static final List<Strategy> MEASURED = List.of(Strategy.EKFAC, Strategy.GRADIENT_BASIS, Strategy.DIAGONAL);

    static List<MatrixBackend> backends() {
        return TestBackends.all();
    }

    /** Layers of any size, sequences of different lengths, padded with NaN, used once or twice, whole or in blocks. */
    @Property(tries = 60)
    void allWaysAgree(
            @ForAll @IntRange(min = 1, max = 5) int inputs,
            @ForAll @IntRange(min = 1, max = 5) int outputs,
            @ForAll boolean bias,
            @ForAll @IntRange(min = 1, max = 2) int uses,
            @ForAll @IntRange(min = 1, max = 9) int examples,
            @ForAll @IntRange(min = 1, max = 10) int batch,
            @ForAll @IntRange(min = 1, max = 2) int blocks) {
        LayerSpec layer = LayerSpec.tokens("only", inputs, outputs);
        RandomSequences model = new RandomSequences(List.of(bias ? layer : layer.withoutBias()), uses);
        FitOptions fit = FitOptions.defaults().withBatchSize(batch).withBlocks(blocks);
        ExampleSource<Sequence> train = RandomSequences.sequences(examples, 100);
        for (Strategy strategy : MEASURED) {
            assertAgree(TestBackends.EJML, model, fit.withStrategy(strategy), train);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void allWaysAgreeOnEveryBackend(MatrixBackend backend) {
        for (Strategy strategy : MEASURED) {
            FitOptions fit = FitOptions.defaults().withStrategy(strategy).withBatchSize(7);
            assertAgree(backend, RandomSequences.mixed(), fit, RandomSequences.sequences(40, 100));
        }
    }

    /** The identity has no eigenvalues, but self-influence. */
    @ParameterizedTest
    @MethodSource("backends")
    void selfInfluenceOfTheIdentityAgrees(MatrixBackend backend) {
        FitOptions fit = FitOptions.defaults().withStrategy(Strategy.IDENTITY).withBatchSize(7);
        assertAgree(backend, RandomSequences.mixed(), fit, RandomSequences.sequences(40, 100));
    }

    /** Several tiles for each core, the last one smaller, of several examples each and of one. */
    @ParameterizedTest
    @MethodSource("backends")
    void tilesAgreeOnWideLayers(MatrixBackend backend) {
        RandomSequences model = new RandomSequences(
                List.of(
                        LayerSpec.tokens("narrow", 20, 301),
                        LayerSpec.tokens("wide", 600, 150).withoutBias()),
                1);
        for (Strategy strategy : MEASURED) {
            FitOptions fit = FitOptions.defaults().withStrategy(strategy).withBatchSize(7);
            assertAgree(backend, model, fit, RandomSequences.sequences(9, 100));
        }
    }

    private static void assertAgree(
            MatrixBackend backend, RandomSequences model, FitOptions options, ExampleSource<Sequence> train) {
        double tolerance = Tolerances.reordered(backend.precision());
        try (EigenbasisCurvature expected = fit(backend, model, options, Rotation.ROTATE_FIRST, train);
                EigenbasisSolver solver = expected.solver(Damping.DEFAULT)) {
            double[] self = self(backend, model, solver, Rotation.ROTATE_FIRST, train);
            for (Rotation rotation : Rotation.values()) {
                try (EigenbasisCurvature actual = fit(backend, model, options, rotation, train)) {
                    for (int l = 0; l < model.layers().size(); l++) {
                        if (options.strategy() != Strategy.IDENTITY) {
                            double[][] values = eigenvalues(actual, l);
                            assertClose(
                                    eigenvalues(expected, l), values, tolerance, options.strategy() + " " + rotation);
                        }
                    }
                    assertTrue(actual.layerCurvatures().stream().allMatch(c -> c.leastEigenvalue() >= 0));
                }
                assertClose(
                        self, self(backend, model, solver, rotation, train), tolerance, "self-influence " + rotation);
            }
        }
    }

    private static double[][] eigenvalues(EigenbasisCurvature curvature, int layer) {
        return curvature
                .layerCurvatures()
                .get(layer)
                .eigenvalues()
                .orElseThrow()
                .toArray();
    }

    private static EigenbasisCurvature fit(
            MatrixBackend backend,
            RandomSequences model,
            FitOptions options,
            Rotation rotation,
            ExampleSource<Sequence> train) {
        return EigenbasisApproximator.<Sequence>of(backend, options)
                .rotating(rotation)
                .fit(model, train);
    }

    private static double[] self(
            MatrixBackend backend,
            RandomSequences model,
            EigenbasisSolver solver,
            Rotation rotation,
            ExampleSource<Sequence> train) {
        ScoreOptions options = ScoreOptions.defaults().withBatchSize(6);
        return new InfluenceScorer<>(backend, model, options, ProgressListener.silent())
                .taking(ScoringWays.CHEAPEST.with(rotation))
                .self(solver, train)
                .scores();
    }

    @Test
    void tilesAreForPositionsBetweenFewAndMany() {
        WorkSizes two = WorkSizes.PROCESSOR.withCores(2);
        for (LayerSpec layer : List.of(
                LayerSpec.tokens("a", 128, 512).withoutBias(),
                LayerSpec.tokens("b", 512, 128).withoutBias(),
                LayerSpec.tokens("c", 512, 512).withoutBias())) {
            assertTrue(new RotationCost(layer, 4, 1, two).sumsPairs(Rotation.CHEAPEST));
            assertFalse(new RotationCost(layer, 8, 1, two).sumsPairs(Rotation.CHEAPEST));
            assertTrue(new RotationCost(layer, 8, 1, two).squaresTiles(Rotation.CHEAPEST));
            assertTrue(new RotationCost(layer, 64, 0, two).squaresTiles(Rotation.CHEAPEST));
            assertFalse(new RotationCost(layer, 65, 1, two).squaresTiles(Rotation.CHEAPEST));
            assertFalse(new RotationCost(layer, 64, 1, WorkSizes.PROCESSOR).squaresTiles(Rotation.CHEAPEST));
            assertFalse(new RotationCost(layer, 64, 1, two).squaresTiles(Rotation.ROTATE_FIRST));
        }
        // tiles of 64 cores would take more memory than what they replace
        LayerSpec huge = LayerSpec.tokens("huge", 100_000, 8192).withoutBias();
        assertFalse(new RotationCost(huge, 8, 1, WorkSizes.PROCESSOR.withCores(64)).squaresTiles(Rotation.CHEAPEST));
        // 16 cores would have 8 outputs each
        LayerSpec narrow = LayerSpec.tokens("narrow", 512, 128).withoutBias();
        assertFalse(new RotationCost(narrow, 8, 1, WorkSizes.PROCESSOR.withCores(16)).squaresTiles(Rotation.CHEAPEST));
    }

    @Property
    void everyOutputIsInOneTile(
            @ForAll @IntRange(min = 1, max = 5000) int outputs, @ForAll @IntRange(min = 1, max = 64) int cores) {
        LayerSpec layer = LayerSpec.tokens("layer", 700, outputs).withoutBias();
        RotationCost cost = new RotationCost(layer, 8, 1, WorkSizes.PROCESSOR.withCores(cores));
        assertTrue((cost.tiles() - 1) * cost.tileOutputs() < outputs);
        assertTrue(cost.tiles() * cost.tileOutputs() >= outputs);
        assertTrue(cost.tileOutputs() <= 128);
        assertTrue(cost.tileExamples() >= 1);
    }

    @Test
    void pairsAreForFewPositions() {
        LayerSpec layer = LayerSpec.tokens("layer", 300, 200);
        assertTrue(new RotationCost(layer, 2, 1, WorkSizes.PROCESSOR).sumsPairs(Rotation.CHEAPEST));
        assertTrue(new RotationCost(layer, 4, 0, WorkSizes.PROCESSOR).sumsPairs(Rotation.CHEAPEST));
        assertFalse(new RotationCost(layer, 64, 1, WorkSizes.PROCESSOR).sumsPairs(Rotation.CHEAPEST));
        assertTrue(new RotationCost(layer, 64, 1, WorkSizes.PROCESSOR).sumsPairs(Rotation.GRAM));
        assertFalse(new RotationCost(layer, 2, 1, WorkSizes.PROCESSOR).sumsPairs(Rotation.ROTATE_FIRST));
        assertTrue(
                new RotationCost(layer, 1, 1, WorkSizes.PROCESSOR).sumsPairs(Rotation.GRADIENT_FIRST),
                "one position needs no more");
        // 2t(i² + o²) + t(t + 1)·i·o with i = 301 for the bias
        assertEquals(
                2 * 3 * (301.0 * 301 + 200 * 200) + 12 * 301.0 * 200,
                new RotationCost(layer, 3, 1, WorkSizes.PROCESSOR).gram());
        assertEquals(
                1 << 22,
                new RotationCost(LayerSpec.tokens("one", 1, 1).withoutBias(), 1, 1, WorkSizes.PROCESSOR)
                        .pairsAtOnce(1 << 24));
    }
}
