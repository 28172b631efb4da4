package io.github.influence4j.ekfac;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The front: fit and score, with the numbers of what stands behind it. */
class EkfacTest {

    private static final RandomSequences MODEL = RandomSequences.mixed();
    private static final ExampleSource<Sequence> TRAIN = RandomSequences.sequences(17, 10);
    private static final ExampleSource<Sequence> QUERIES = RandomSequences.sequences(3, 900);

    private final MatrixBackend backend = TestBackends.EJML;

    @ParameterizedTest
    @EnumSource(Strategy.class)
    void fitsAndScoresAsTheStagesDo(Strategy strategy) {
        FitOptions options = FitOptions.defaults().withStrategy(strategy);
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<Sequence>of(backend, options).fit(MODEL, TRAIN);
                IhvpSolver solver = curvature.solver(Damping.DEFAULT);
                FittedCurvature<Sequence> fitted =
                        Ekfac.on(backend).with(strategy).fit(MODEL, TRAIN)) {
            InfluenceScorer<Sequence> scorer = new InfluenceScorer<>(backend, MODEL);
            CurvatureScoring<Sequence> scoring = fitted.damped(Damping.DEFAULT);
            same(scorer.pairwise(solver, QUERIES, TRAIN), scoring.pairwise(QUERIES, TRAIN));
            assertArrayEquals(
                    scorer.self(solver, TRAIN).scores(),
                    scoring.selfInfluence(TRAIN).scores());
            TopInfluences top = scoring.topK(QUERIES, TRAIN, 4);
            assertEquals(scorer.topK(solver, QUERIES, TRAIN, 4).helpful(), top.helpful());
            assertEquals(
                    scoring.pairwise(QUERIES, TRAIN).topK(1, 2),
                    scoring.rescore(QUERIES, TRAIN, top, 2).helpful().get(1));
            assertTrue(fitted.toString().startsWith(strategy + " of 3 layers"), fitted::toString);
        }
    }

    @Test
    void fitsExactlyWhereTheModelOffersTheRoots() {
        try (EigenbasisCurvature curvature = EigenbasisApproximator.<Sequence>exactFisher(
                                backend, FitOptions.defaults())
                        .fit(MODEL, TRAIN);
                FittedCurvature<Sequence> fitted = Ekfac.on(backend).fitExactly(MODEL, TRAIN)) {
            assertEquals(curvature.resolve(Damping.DEFAULT), fitted.resolve(Damping.DEFAULT));
        }
    }

    @Test
    void scoresWithOptionsAndReportsProgress() {
        List<String> stages = new ArrayList<>();
        try (FittedCurvature<Sequence> fitted = Ekfac.on(backend)
                .reporting((stage, done, total) -> stages.add(stage))
                .fit(MODEL, TRAIN)) {
            InfluenceScores scores = fitted.damped(Damping.DEFAULT)
                    .with(ScoreOptions.defaults().withPerLayer(true))
                    .pairwise(QUERIES, TRAIN);
            assertEquals(3, scores.layers().size());
            assertTrue(stages.contains("covariances") && stages.contains("scores"), stages::toString);
        }
    }

    @Test
    void givesTheSameSolverForTheSameDampingAndFreesIt() {
        try (FittedCurvature<Sequence> fitted = Ekfac.on(backend).fit(MODEL, TRAIN)) {
            LayerDamping damping = fitted.resolve(Damping.DEFAULT);
            CurvatureScoring<Sequence> first = fitted.damped(Damping.DEFAULT);
            assertSame(first.solver(), fitted.damped(damping).solver());
            assertNotSame(first.solver(), fitted.damped(Damping.relative(0.2)).solver());
            first.close();
            first.close();
            assertNotSame(first.solver(), fitted.damped(damping).solver());
        }
    }

    /** One curvature of its own, in a user's hands. */
    private static final class Scaled implements Curvature {
        private final List<LayerSpec> layers;
        private int solvers;
        private boolean closed;

        Scaled(List<LayerSpec> layers) {
            this.layers = layers;
        }

        @Override
        public List<LayerSpec> layers() {
            return layers;
        }

        @Override
        public LayerDamping resolve(Damping damping) {
            return LayerDamping.of(layers, layer -> damping.resolve(1));
        }

        @Override
        public IhvpSolver solver(LayerDamping damping) {
            solvers++;
            return new IhvpSolver() {
                @Override
                public List<LayerSpec> layers() {
                    return layers;
                }

                @Override
                public LayerGradients solve(LayerGradients vector) {
                    double[] flat = vector.toFlat();
                    double factor = 1 / (1 + damping.lambda("first"));
                    return LayerGradients.ofFlat(
                            layers, Arrays.stream(flat).map(v -> factor * v).toArray());
                }

                @Override
                public LayerDamping damping() {
                    return damping;
                }

                @Override
                public Provenance provenance() {
                    return Scaled.this.provenance();
                }

                @Override
                public void close() {
                    assertFalse(closed, "the solver was closed after its curvature");
                    solvers--;
                }
            };
        }

        @Override
        public Provenance provenance() {
            return Provenance.here("a test", TestBackends.EJML.precision(), MODEL.fingerprint());
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    @Test
    void takesAnyCurvatureAndClosesWhatItGave() {
        Scaled mine = new Scaled(MODEL.layers());
        try (FittedCurvature<Sequence> dot =
                Ekfac.on(backend).with(Strategy.IDENTITY).fit(MODEL, TRAIN)) {
            FittedCurvature<Sequence> fitted = FittedCurvature.fit(
                    backend, (model, data, progress) -> mine, MODEL, TRAIN, ProgressListener.silent());
            double[] whole =
                    dot.damped(Damping.DEFAULT).pairwise(QUERIES, TRAIN).row(0);
            double[] third =
                    fitted.damped(Damping.absolute(2)).pairwise(QUERIES, TRAIN).row(0);
            for (int z = 0; z < whole.length; z++) {
                assertEquals(whole[z] / 3, third[z], 1e-12 * Math.abs(whole[z]));
            }
            fitted.damped(Damping.absolute(3));
            assertEquals(2, mine.solvers);
            fitted.close();
            fitted.close();
            assertEquals(0, mine.solvers);
            IllegalStateException closed =
                    assertThrows(IllegalStateException.class, () -> fitted.damped(Damping.absolute(2)));
            assertTrue(String.valueOf(closed.getMessage()).contains("closed"), closed::toString);
        }
    }

    @Test
    void ownsTheBackendThatItStarted() {
        FittedCurvature<Sequence> fitted = Ekfac.inFloat64().fit(MODEL, TRAIN);
        double[] scores =
                fitted.damped(Damping.DEFAULT).pairwise(QUERIES, TRAIN).row(0);
        fitted.close();
        try (FittedCurvature<Sequence> again = Ekfac.inFloat64().fit(MODEL, TRAIN)) {
            assertArrayEquals(
                    scores,
                    again.damped(Damping.DEFAULT).pairwise(QUERIES, TRAIN).row(0));
        }
    }

    private static void same(InfluenceScores expected, InfluenceScores found) {
        assertEquals(expected.queryIds().length, found.queryIds().length);
        for (int q = 0; q < expected.queryIds().length; q++) {
            assertArrayEquals(expected.row(q), found.row(q));
        }
    }
}
