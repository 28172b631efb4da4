package io.github.influence4j.index.internal.whiten;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.CurvatureScoring;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.RandomSequences;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.SharingSequences;
import io.github.influence4j.ekfac.internal.eigen.RotatedGradients;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.index.TestBackends;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class WhitenedGradientsTest {

    private static final RandomSequences MODEL = RandomSequences.mixed();
    private static final int TRAIN = 23;
    private static final int QUERIES = 5;

    static Stream<Arguments> cases() {
        return TestBackends.all().stream()
                .flatMap(backend -> Stream.of(Strategy.values()).map(strategy -> Arguments.of(backend, strategy)));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void innerProductsAreTheScores(MatrixBackend backend, Strategy strategy) {
        ExampleSource<Sequence> train = RandomSequences.sequences(TRAIN, 100);
        ExampleSource<Sequence> queries = RandomSequences.sequences(QUERIES, 900);
        try (FittedCurvature<Sequence> fitted = Ekfac.on(backend).with(strategy).fit(MODEL, train);
                CurvatureScoring<Sequence> scoring =
                        fitted.damped(strategy == Strategy.IDENTITY ? Damping.absolute(1) : Damping.DEFAULT)) {
            InfluenceScores full = scoring.pairwise(queries, train);
            EigenbasisSolver solver = (EigenbasisSolver) scoring.solver();
            float[][] z = whitened(backend, solver, train, TRAIN, new Objective.TrainingLoss());
            float[][] q = whitened(backend, solver, queries, QUERIES, new Objective.Measurement());
            double largest = 0;
            for (double[] row : full.matrix().toArray()) {
                largest = Math.max(
                        largest, Arrays.stream(row).map(Math::abs).max().orElseThrow());
            }
            for (int k = 0; k < QUERIES; k++) {
                for (int n = 0; n < TRAIN; n++) {
                    double sum = 0;
                    for (int i = 0; i < z[n].length; i++) {
                        sum += (double) q[k][i] * z[n][i];
                    }
                    assertEquals(full.score(k, n), sum, Tolerances.WHITENED_FLOAT32 * largest);
                }
            }
        }
    }

    /** Two lists whose layers do not follow each other, one whose layers do, and one that reads alone. */
    private static final SharingSequences SHARING = SharingSequences.honest(
            List.of(
                    LayerSpec.tokens("q", 20, 24),
                    LayerSpec.tokens("gate", 12, 30).withoutBias(),
                    LayerSpec.tokens("k", 20, 7),
                    LayerSpec.tokens("up", 12, 30).withoutBias(),
                    LayerSpec.tokens("left", 9, 14),
                    LayerSpec.tokens("right", 9, 16),
                    LayerSpec.tokens("alone", 8, 14)),
            List.of(List.of("q", "k"), List.of("gate", "up"), List.of("left", "right")));

    static List<MatrixBackend> backends() {
        return TestBackends.all();
    }

    /** An input that several layers read is rotated once for them, and nothing else changes. */
    @ParameterizedTest
    @MethodSource("backends")
    void aSharedInputGivesTheSameBits(MatrixBackend backend) {
        ExampleSource<Sequence> train = RandomSequences.sequences(TRAIN, 100);
        try (FittedCurvature<Sequence> fitted = Ekfac.on(backend).fit(SHARING, train);
                CurvatureScoring<Sequence> scoring = fitted.damped(Damping.DEFAULT)) {
            EigenbasisSolver solver = (EigenbasisSolver) scoring.solver();
            float[][] once = whitened(SHARING, backend, solver, train, TRAIN, new Objective.TrainingLoss());
            float[][] each =
                    whitened(SHARING.saying(List.of()), backend, solver, train, TRAIN, new Objective.TrainingLoss());
            for (int n = 0; n < TRAIN; n++) {
                assertArrayEquals(each[n], once[n]);
            }
        }
    }

    /** Layers that follow each other get the same matrix, and those of the next batch another content. */
    @Test
    void theInputOfLayersThatFollowEachOtherIsRotatedOnce() {
        MatrixBackend backend = TestBackends.OPENBLAS;
        ExampleSource<Sequence> train = RandomSequences.sequences(TRAIN, 100);
        try (FittedCurvature<Sequence> fitted = Ekfac.on(backend).fit(SHARING, train);
                CurvatureScoring<Sequence> scoring = fitted.damped(Damping.DEFAULT);
                CapturePass<Sequence> pass = CapturePass.scaling(backend, SHARING, SHARING.layers());
                RotatedGradients gradients = new RotatedGradients(backend, Rotation.ROTATE_FIRST);
                SharedRotations inputs =
                        new SharedRotations(backend, SharedInputs.of(SHARING, SHARING.layers()), SHARING.layers())) {
            EigenbasisSolver solver = (EigenbasisSolver) scoring.solver();
            List<BackendMatrix> rotated = new ArrayList<>();
            List<Long> batches = new ArrayList<>();
            pass.run(
                    train,
                    BatchSize.ofExamples(4),
                    List.of(new Objective.TrainingLoss()),
                    "test",
                    ProgressListener.silent(),
                    (step, capture) -> {
                        Optional<BackendMatrix> found =
                                inputs.of(step, capture, solver.basis(capture.layerIndex()), gradients);
                        String name = capture.layer().name();
                        assertEquals(!name.equals("alone"), found.isPresent(), name);
                        if (name.equals("left")) {
                            rotated.add(found.orElseThrow());
                            batches.add(step.firstExample());
                        }
                        if (name.equals("right")) {
                            assertSame(rotated.get(rotated.size() - 1), found.orElseThrow());
                        }
                    });
            assertTrue(batches.size() > 2);
            for (int b = 1; b < rotated.size(); b++) {
                assertNotSame(rotated.get(b - 1), rotated.get(b));
            }
        }
    }

    private static float[][] whitened(
            MatrixBackend backend, EigenbasisSolver solver, ExampleSource<Sequence> data, int n, Objective objective) {
        return whitened(MODEL, backend, solver, data, n, objective);
    }

    /** All coordinates of all layers, in batches of a few examples. */
    private static float[][] whitened(
            GradientProvider<Sequence> model,
            MatrixBackend backend,
            EigenbasisSolver solver,
            ExampleSource<Sequence> data,
            int n,
            Objective objective) {
        int[] starts = new int[model.layers().size() + 1];
        for (int l = 0; l < model.layers().size(); l++) {
            starts[l + 1] = starts[l] + (int) model.layers().get(l).parameters();
        }
        float[][] rows = new float[n][starts[model.layers().size()]];
        try (CapturePass<Sequence> pass = CapturePass.scaling(backend, model, model.layers());
                WhitenedGradients whitened = new WhitenedGradients(backend, model, model.layers(), solver)) {
            pass.run(
                    data,
                    BatchSize.ofExamples(4),
                    List.of(objective),
                    "test",
                    ProgressListener.silent(),
                    (step, capture) -> whitened.forEach(step, capture, (first, examples, numbers) -> {
                        int width = (int) capture.layer().parameters();
                        for (int e = 0; e < examples; e++) {
                            System.arraycopy(
                                    numbers,
                                    e * width,
                                    rows[(int) step.firstExample() + first + e],
                                    starts[capture.layerIndex()],
                                    width);
                        }
                    }));
        }
        return rows;
    }
}
