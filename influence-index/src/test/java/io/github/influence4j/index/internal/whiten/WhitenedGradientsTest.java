package io.github.influence4j.index.internal.whiten;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.CurvatureScoring;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.RandomSequences;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.index.TestBackends;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
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

    /** All coordinates of all layers, in batches of a few examples. */
    private static float[][] whitened(
            MatrixBackend backend, EigenbasisSolver solver, ExampleSource<Sequence> data, int n, Objective objective) {
        int[] starts = new int[MODEL.layers().size() + 1];
        for (int l = 0; l < MODEL.layers().size(); l++) {
            starts[l + 1] = starts[l] + (int) MODEL.layers().get(l).parameters();
        }
        float[][] rows = new float[n][starts[MODEL.layers().size()]];
        try (CapturePass<Sequence> pass = CapturePass.scaling(backend, MODEL, MODEL.layers());
                WhitenedGradients whitened = new WhitenedGradients(backend, MODEL, MODEL.layers(), solver)) {
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
