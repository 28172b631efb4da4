package io.github.influence4j.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the contracts' default methods do for whoever implements them. */
class DefaultsTest {

    private static final Provenance PROVENANCE = Provenance.here("test", Precision.FLOAT64, Optional.empty());
    private static final List<LayerSpec> LAYERS = List.of(LayerSpec.dense("fc", 1, 1));

    @Test
    void curvatureResolvesADampingBeforeItMakesASolver() {
        List<Double> resolved = new ArrayList<>();
        Curvature curvature = new Curvature() {
            @Override
            public List<LayerSpec> layers() {
                return LAYERS;
            }

            @Override
            public LayerDamping resolve(Damping damping) {
                return LayerDamping.of(LAYERS, layer -> damping.resolve(4));
            }

            @Override
            public IhvpSolver solver(LayerDamping damping) {
                resolved.add(damping.lambda("fc"));
                return new NoSolver(damping);
            }

            @Override
            public Provenance provenance() {
                return PROVENANCE;
            }

            @Override
            public void close() {}
        };
        try (curvature;
                IhvpSolver solver = curvature.solver(Damping.relative(0.5))) {
            assertEquals(2, solver.damping().lambda("fc"));
        }
        assertEquals(List.of(2.0), resolved);
    }

    @Test
    void fittingWithoutAListenerReportsToNobody() {
        List<ProgressListener> given = new ArrayList<>();
        CurvatureApproximator<String, GradientProvider<String>> approximator = (model, data, progress) -> {
            progress.progress("stage", 1, 2);
            given.add(progress);
            throw new IllegalStateException("enough");
        };
        GradientProvider<String> model = new GradientProvider<>() {
            @Override
            public List<LayerSpec> layers() {
                return LAYERS;
            }

            @Override
            public void capture(
                    ExampleBatch<String> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {}
        };
        assertEquals(Optional.empty(), model.fingerprint());
        Refusals.refused(
                IllegalStateException.class, () -> approximator.fit(model, ExampleSource.of(List.of("a"))), "enough");
        assertEquals(1, given.size());
    }

    @Test
    void precisionsKnowTheirSizeAndRounding() {
        assertEquals(4, Precision.FLOAT32.bytes());
        assertEquals(8, Precision.FLOAT64.bytes());
        assertEquals(Math.ulp(1f) / 2, Precision.FLOAT32.unitRoundoff());
        assertEquals(Math.ulp(1.0) / 2, Precision.FLOAT64.unitRoundoff());
    }

    /** Scores that are the ids of query and example, side by side. */
    private static final class Numbered implements Scoring<String> {
        @Override
        public InfluenceScores pairwise(ExampleSource<String> queries, ExampleSource<String> train) {
            return new InfluenceScores(
                    new long[] {1, 2},
                    new long[] {5, 6, 7},
                    new double[][] {{3, 1, 2}, {-1, -3, -2}},
                    Map.of(),
                    new double[0][][],
                    PROVENANCE);
        }

        @Override
        public SelfInfluence selfInfluence(ExampleSource<String> train) {
            throw new UnsupportedOperationException("not asked for");
        }

        @Override
        public void close() {}
    }

    @Test
    void scoringsFindTheBestAmongAllScoresUnlessTheyStream() {
        ExampleSource<String> any = ExampleSource.of(List.of("a"));
        try (Scoring<String> scoring = new Numbered()) {
            TopInfluences top = scoring.topK(any, any, 2);
            assertEquals(List.of(1L, 2L), top.queryIds());
            assertEquals(
                    List.of(new Influence(5, 3), new Influence(7, 2)),
                    top.helpful().get(0));
            assertEquals(
                    List.of(new Influence(6, -3), new Influence(7, -2)),
                    top.harmful().get(1));
            assertTrue(scoring.solveFlops().isEmpty() && scoring.heldBytes(2).isEmpty());
        }
    }

    @Test
    void fittedEstimatorsResolveADampingFirst() {
        FittedEstimator<String> fitted = new FittedEstimator<>() {
            @Override
            public List<LayerSpec> layers() {
                return LAYERS;
            }

            @Override
            public LayerDamping resolve(Damping damping) {
                return LayerDamping.of(LAYERS, layer -> damping.resolve(4));
            }

            @Override
            public Scoring<String> damped(LayerDamping damping) {
                assertEquals(2, damping.lambda("fc"));
                return new Numbered();
            }

            @Override
            public Provenance provenance() {
                return PROVENANCE;
            }

            @Override
            public void close() {}
        };
        try (fitted;
                Scoring<String> scoring = fitted.damped(Damping.relative(0.5))) {
            assertTrue(scoring instanceof Numbered);
        }
    }

    @Test
    void solversSolveOneByOneUnlessTheyCanDoBetter() {
        LayerGradients vector = LayerGradients.ofFlat(LAYERS, new double[] {1, 2});
        try (IhvpSolver solver = new NoSolver(LayerDamping.of(LAYERS, layer -> 0))) {
            assertEquals(List.of(vector, vector), solver.solveAll(List.of(vector, vector)));
            assertTrue(solver.solveFlops().isEmpty() && solver.heldBytes(1).isEmpty());
        }
    }

    @Test
    void partsOfABatchKeepTheirIds() {
        ExampleBatch<String> batch = new ExampleBatch<>(List.of("a", "b", "c"), new long[] {4, 5, 6});
        assertSame(batch, batch.part(0, 3));
        assertEquals(List.of("b", "c"), batch.part(1, 2).examples());
        assertEquals(5, batch.part(1, 2).ids()[0]);
        Refusals.refused(
                IllegalArgumentException.class,
                () -> new ExampleBatch<>(List.of("a"), new long[] {1, 2}),
                "1 examples with 2 ids");
        Refusals.refused(
                IllegalArgumentException.class,
                () -> new ExampleBatch<>(List.of(), new long[0]),
                "a batch needs at least one example");
    }

    private record Plain(List<LayerSpec> layers) implements GradientProvider<String> {
        @Override
        public void capture(ExampleBatch<String> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            throw new UnsupportedOperationException("no gradient of " + objective);
        }
    }

    @Test
    void checkpointsAreOfOneTrainingRun() {
        Plain trained = new Plain(LAYERS);
        Checkpoints.Segment<Plain> segment = new Checkpoints.Segment<>(List.of(trained), 0.5);
        assertEquals(List.of(segment), new Checkpoints<>(List.of(segment), trained).segments());
        Refusals.refused(
                IllegalArgumentException.class,
                () -> new Checkpoints.Segment<Plain>(List.of(), 1),
                "a checkpoint or more");
        Refusals.refused(
                IllegalArgumentException.class, () -> new Checkpoints.Segment<>(List.of(trained), 0), "found 0.0");
        Refusals.refused(
                IllegalArgumentException.class, () -> new Checkpoints<Plain>(List.of(), trained), "a segment or more");
        Refusals.refused(
                IllegalArgumentException.class,
                () -> new Checkpoints<>(List.of(segment), new Plain(List.of(LayerSpec.dense("other", 1, 1)))),
                "a checkpoint of segment 0 has layers");
    }

    private record NoSolver(LayerDamping damping) implements IhvpSolver {
        @Override
        public List<LayerSpec> layers() {
            return LAYERS;
        }

        @Override
        public LayerGradients solve(LayerGradients vector) {
            return vector;
        }

        @Override
        public Provenance provenance() {
            return PROVENANCE;
        }

        @Override
        public void close() {}
    }
}
