package io.github.influence4j.ekfac;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.score.Path;
import io.github.influence4j.ekfac.internal.score.ScoringWays;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must be equal to what, for every backend, whatever the numbers are. */
class ScoreIdentitiesTest {

    private static final ExampleSource<Sequence> TRAIN = RandomSequences.sequences(17, 100);
    private static final ExampleSource<Sequence> QUERIES = RandomSequences.sequences(5, 900);

    static List<MatrixBackend> backends() {
        return TestBackends.all();
    }

    private static EigenbasisCurvature fit(MatrixBackend backend, RandomSequences model, Strategy strategy) {
        return EigenbasisApproximator.<Sequence>of(
                        backend, FitOptions.defaults().withStrategy(strategy))
                .fit(model, TRAIN);
    }

    private static InfluenceScorer<Sequence> scorer(
            MatrixBackend backend, RandomSequences model, ScoreOptions options) {
        return new InfluenceScorer<>(backend, model, options, ProgressListener.silent());
    }

    @ParameterizedTest
    @MethodSource("backends")
    void partsPerLayerAndPerTokenSumToTheScore(MatrixBackend backend) {
        RandomSequences model = RandomSequences.tokens();
        ScoreOptions options = ScoreOptions.defaults().withPerLayer(true).withPerToken(true);
        for (Strategy strategy : Strategy.values()) {
            for (ScoreOptions variant : List.of(options, options.withRank(1))) {
                try (EigenbasisCurvature curvature = fit(backend, model, strategy);
                        EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
                    InfluenceScores scores = scorer(backend, model, variant).pairwise(solver, QUERIES, TRAIN);
                    double[][] layers = new double[5][17];
                    double[][] tokens = new double[5][17];
                    for (int q = 0; q < 5; q++) {
                        for (int z = 0; z < 17; z++) {
                            for (String layer : scores.layers()) {
                                layers[q][z] += scores.layer(layer).toArray()[q][z];
                            }
                            for (double token : scores.tokens(q, z)) {
                                tokens[q][z] += token;
                            }
                        }
                    }
                    // both are the same float64 numbers, added in another order
                    assertClose(scores.matrix().toArray(), layers, Tolerances.REORDERED_FLOAT64, "layers");
                    assertClose(scores.matrix().toArray(), tokens, Tolerances.REORDERED_FLOAT64, "tokens");
                }
            }
        }
    }

    @Test
    void layersWithoutTokensDoNotAddToTheTokens() {
        RandomSequences model = RandomSequences.mixed();
        MatrixBackend backend = TestBackends.EJML;
        ScoreOptions options = ScoreOptions.defaults().withPerLayer(true).withPerToken(true);
        try (EigenbasisCurvature curvature = fit(backend, model, Strategy.EKFAC);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScores scores = scorer(backend, model, options).pairwise(solver, QUERIES, TRAIN);
            double tokens = 0;
            for (double token : scores.tokens(2, 3)) {
                tokens += token;
            }
            double layers = scores.layer("first").toArray()[2][3]
                    + scores.layer("second").toArray()[2][3];
            assertEquals(layers, tokens, Math.abs(layers) * Tolerances.REORDERED_FLOAT64);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void everyPathGivesTheSameScores(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        try (EigenbasisCurvature curvature = fit(backend, model, Strategy.EKFAC);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            ScoreOptions options = ScoreOptions.defaults();
            double[][] expected = scorer(backend, model, options)
                    .pairwise(solver, QUERIES, TRAIN)
                    .matrix()
                    .toArray();
            for (Path path : Path.values()) {
                InfluenceScores scores = scorer(backend, model, options)
                        .taking(ScoringWays.CHEAPEST.with(path))
                        .pairwise(solver, QUERIES, TRAIN);
                assertClose(expected, scores.matrix().toArray(), Tolerances.reordered(backend.precision()), "" + path);
            }
            for (ScoreOptions other : List.of(
                    options.withRank(100),
                    options.withPerToken(true),
                    options.withQueryBatchSize(2),
                    // too little for more than one batch of queries, so three passes over the training set
                    options.withQueryBatchSize(2).withMemoryLimit(1))) {
                InfluenceScores scores = scorer(backend, model, other).pairwise(solver, QUERIES, TRAIN);
                assertClose(expected, scores.matrix().toArray(), Tolerances.reordered(backend.precision()), "" + other);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void streamedTopKIsThatOfTheWholeMatrix(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        try (EigenbasisCurvature curvature = fit(backend, model, Strategy.EKFAC);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScorer<Sequence> scorer = scorer(
                    backend,
                    model,
                    ScoreOptions.defaults()
                            .withBatchSize(4)
                            .withQueryBatchSize(2)
                            .withMemoryLimit(1));
            InfluenceScores scores = scorer.pairwise(solver, QUERIES, TRAIN);
            for (int k : new int[] {1, 5, 30}) {
                TopInfluences top = scorer.topK(solver, QUERIES, TRAIN, k);
                for (int q = 0; q < 5; q++) {
                    assertEquals(scores.topK(q, k), top.helpful().get(q));
                    assertEquals(scores.bottomK(q, k), top.harmful().get(q));
                }
            }
        }
    }

    /** More queries than are scored together for parts, and a training set that is not kept whole. */
    @ParameterizedTest
    @MethodSource("backends")
    void partsOfWhatIsKeptAreThoseOfTheWholeMatrix(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        ExampleSource<Sequence> queries = RandomSequences.sequences(11, 77);
        try (EigenbasisCurvature curvature = fit(backend, model, Strategy.EKFAC);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            for (ScoreOptions options : List.of(
                    ScoreOptions.defaults().withPerToken(true),
                    ScoreOptions.defaults().withPerLayer(true).withRank(2),
                    ScoreOptions.defaults()
                            .withPerLayer(true)
                            .withPerToken(true)
                            .withMemoryLimit(1))) {
                InfluenceScorer<Sequence> scorer = scorer(backend, model, options.withBatchSize(4));
                InfluenceScores scores = scorer.pairwise(solver, queries, TRAIN);
                TopInfluences expected = TopInfluences.of(scores, 3);
                TopInfluences top = scorer.topK(solver, queries, TRAIN, 3);
                assertEquals(11, top.parts().size());
                for (int q = 0; q < 11; q++) {
                    assertParts(expected.kept(q), top.kept(q), Tolerances.reordered(backend.precision()));
                }
            }
        }
    }

    private static void assertParts(InfluenceScores expected, InfluenceScores actual, double tolerance) {
        assertArrayEquals(expected.trainIds(), actual.trainIds());
        assertEquals(expected.layers(), actual.layers());
        assertEquals(expected.hasTokens(), actual.hasTokens());
        for (String layer : expected.layers()) {
            assertClose(expected.layer(layer).toArray(), actual.layer(layer).toArray(), tolerance, layer);
        }
        for (int z = 0; expected.hasTokens() && z < expected.trainIds().length; z++) {
            double[] tokens = expected.tokens(0, z);
            // how much padding stands behind the tokens is the batch's affair
            int longest = Math.max(tokens.length, actual.tokens(0, z).length);
            assertClose(
                    Arrays.copyOf(tokens, longest),
                    Arrays.copyOf(actual.tokens(0, z), longest),
                    tolerance,
                    "tokens of " + z);
        }
    }

    /** Defect: parts that were asked for were dropped when candidates were scored again. */
    @ParameterizedTest
    @MethodSource("backends")
    void candidatesScoredAgainHaveTheirParts(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        ScoreOptions parts = ScoreOptions.defaults().withPerLayer(true).withPerToken(true);
        try (EigenbasisCurvature curvature = fit(backend, model, Strategy.EKFAC);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScorer<Sequence> scorer = scorer(backend, model, parts.withRank(1));
            InfluenceScores full = scorer(backend, model, parts).pairwise(solver, QUERIES, TRAIN);
            TopInfluences again = scorer.rescore(solver, QUERIES, TRAIN, scorer.topK(solver, QUERIES, TRAIN, 5), 3);
            for (int q = 0; q < again.queryIds().size(); q++) {
                InfluenceScores kept = again.kept(q);
                double largest = full.topK(q, 1).get(0).score() * Tolerances.reordered(backend.precision());
                assertEquals(full.layers(), kept.layers());
                assertEquals(full.tokenLayers(), kept.tokenLayers());
                for (int k = 0; k < kept.trainIds().length; k++) {
                    int z = (int) kept.trainIds()[k];
                    for (String layer : full.layers()) {
                        assertEquals(
                                full.layer(layer).toArray()[q][z],
                                kept.layer(layer).toArray()[0][k],
                                largest);
                    }
                    double[] tokens = full.tokens(q, z);
                    assertClose(tokens, Arrays.copyOf(kept.tokens(0, k), tokens.length), largest, "tokens of " + z);
                }
            }
        }
    }

    /** All candidates of a pass of rank 1, ranked by whole gradients, are in the order of a full-rank pass. */
    @ParameterizedTest
    @MethodSource("backends")
    void candidatesScoredAgainAreThoseOfFullRank(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        try (EigenbasisCurvature curvature = fit(backend, model, Strategy.EKFAC);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScores full = new InfluenceScorer<>(backend, model).pairwise(solver, QUERIES, TRAIN);
            InfluenceScorer<Sequence> scorer =
                    scorer(backend, model, ScoreOptions.defaults().withRank(1).withBatchSize(4));
            for (int found : new int[] {3, 17}) {
                TopInfluences candidates = scorer.topK(solver, QUERIES, TRAIN, found);
                TopInfluences again = scorer.rescore(solver, QUERIES, TRAIN, candidates, 3);
                assertEquals("full", again.provenance().options().get("rank"));
                assertEquals("1", again.provenance().options().get("candidates by rank"));
                for (int q = 0; q < 5; q++) {
                    Set<Long> ids = ids(candidates.helpful().get(q));
                    List<Long> expected = full.topK(q, 17).stream()
                            .map(Influence::trainId)
                            .filter(ids::contains)
                            .limit(3)
                            .toList();
                    assertEquals(expected, List.copyOf(ids(again.helpful().get(q))));
                    for (Influence influence : again.harmful().get(q)) {
                        double exact = full.score(q, (int) influence.trainId());
                        assertEquals(
                                exact,
                                influence.score(),
                                Tolerances.reordered(backend.precision())
                                        * full.topK(q, 1).get(0).score());
                    }
                }
            }
        }
    }

    private static Set<Long> ids(List<Influence> influences) {
        return influences.stream().map(Influence::trainId).collect(Collectors.toCollection(LinkedHashSet::new));
    }

    @Test
    void candidatesOfOtherQueriesOrExamplesAreRefused() {
        RandomSequences model = RandomSequences.mixed();
        MatrixBackend backend = TestBackends.EJML;
        try (EigenbasisCurvature curvature = fit(backend, model, Strategy.EKFAC);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            InfluenceScorer<Sequence> scorer = new InfluenceScorer<>(backend, model);
            TopInfluences candidates = scorer.topK(solver, QUERIES, TRAIN, 3);
            ExampleSource<Sequence> two = RandomSequences.sequences(2, 900);
            assertThrows(IllegalArgumentException.class, () -> scorer.rescore(solver, two, TRAIN, candidates, 3));
            assertThrows(IllegalArgumentException.class, () -> scorer.rescore(solver, QUERIES, two, candidates, 3));
            assertThrows(IllegalArgumentException.class, () -> scorer.rescore(solver, QUERIES, TRAIN, candidates, 0));
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void selfInfluenceIsTheDiagonalOfThePairwiseScores(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        for (Strategy strategy : Strategy.values()) {
            try (EigenbasisCurvature curvature = fit(backend, model, strategy);
                    EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
                SelfInfluence self = new InfluenceScorer<>(backend, model).self(solver, TRAIN);
                InfluenceScores pairwise =
                        new InfluenceScorer<>(backend, new LossAsMeasurement(model)).pairwise(solver, TRAIN, TRAIN);
                double[] diagonal = new double[17];
                for (int z = 0; z < 17; z++) {
                    diagonal[z] = pairwise.score(z, z);
                }
                assertClose(diagonal, self.scores(), Tolerances.reordered(backend.precision()), "" + strategy);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aSolverOfWhichNothingIsKnownGivesTheSameScores(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        try (EigenbasisCurvature curvature = fit(backend, model, Strategy.EKFAC);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT);
                IhvpSolver opaque = new OpaqueSolver(solver)) {
            InfluenceScorer<Sequence> scorer = new InfluenceScorer<>(backend, model);
            double tolerance = Tolerances.reordered(backend.precision());
            assertClose(
                    scorer.pairwise(solver, QUERIES, TRAIN).matrix(),
                    scorer.pairwise(opaque, QUERIES, TRAIN).matrix(),
                    tolerance,
                    "pairwise");
            assertClose(
                    scorer.self(solver, TRAIN).scores(),
                    scorer.self(opaque, TRAIN).scores(),
                    tolerance,
                    "self");
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void largeDampingTurnsScoresIntoDotProducts(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        double lambda = 1e8;
        try (EigenbasisCurvature identity = fit(backend, model, Strategy.IDENTITY);
                EigenbasisSolver dot = identity.solver(Damping.DEFAULT)) {
            InfluenceScorer<Sequence> scorer = new InfluenceScorer<>(backend, model);
            double[][] expected = scorer.pairwise(dot, QUERIES, TRAIN).matrix().toArray();
            for (Strategy strategy :
                    List.of(Strategy.DIAGONAL, Strategy.KFAC, Strategy.EKFAC, Strategy.GRADIENT_BASIS)) {
                try (EigenbasisCurvature curvature = fit(backend, model, strategy);
                        EigenbasisSolver solver = curvature.solver(Damping.absolute(lambda))) {
                    InfluenceScores scores =
                            scorer.pairwise(solver, QUERIES, TRAIN).times(lambda);
                    assertClose(expected, scores.matrix().toArray(), Tolerances.LARGE_DAMPING, "" + strategy);
                }
            }
        }
    }

    @Test
    void solvingUndoesMultiplyingByTheDampedCurvature() {
        RandomSequences model = RandomSequences.mixed();
        double lambda = 0.2;
        for (Strategy strategy : List.of(Strategy.DIAGONAL, Strategy.KFAC, Strategy.EKFAC, Strategy.GRADIENT_BASIS)) {
            try (EigenbasisCurvature curvature = fit(TestBackends.EJML, model, strategy);
                    EigenbasisSolver solver = curvature.solver(Damping.absolute(lambda))) {
                double[] vector = vector(model.layers());
                double[] solution = solver.solve(LayerGradients.ofFlat(model.layers(), vector))
                        .toFlat();
                assertClose(vector, multiply(curvature, lambda, solution), Tolerances.EXACT_SOLVE, "" + strategy);
            }
        }
    }

    private static double[] vector(List<LayerSpec> layers) {
        double[] vector =
                new double[layers.stream().mapToInt(l -> (int) l.parameters()).sum()];
        for (int k = 0; k < vector.length; k++) {
            vector[k] = Math.sin(3.7 * k);
        }
        return vector;
    }

    private static double[] multiply(EigenbasisCurvature curvature, double lambda, double[] vector) {
        double[] product = new double[vector.length];
        int start = 0;
        for (var layer : curvature.layerCurvatures()) {
            double[][] matrix = DenseFisher.matrix(layer, lambda);
            for (int r = 0; r < matrix.length; r++) {
                for (int c = 0; c < matrix.length; c++) {
                    product[start + r] += matrix[r][c] * vector[start + c];
                }
            }
            start += matrix.length;
        }
        return product;
    }

    @Test
    void solversMayBeSharedByThreads() throws Exception {
        RandomSequences model = RandomSequences.mixed();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (EigenbasisCurvature curvature = fit(TestBackends.EJML, model, Strategy.EKFAC);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            LayerGradients vector = LayerGradients.ofFlat(model.layers(), vector(model.layers()));
            double[] expected = solver.solve(vector).toFlat();
            List<Callable<double[]>> tasks = new ArrayList<>();
            for (int k = 0; k < 200; k++) {
                tasks.add(() -> solver.solve(vector).toFlat());
            }
            for (Future<double[]> result : threads.invokeAll(tasks)) {
                assertClose(expected, result.get(), 0, "solution of another thread");
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void provenanceSaysHowScoresWereMade() {
        RandomSequences model = RandomSequences.mixed();
        try (EigenbasisCurvature curvature = fit(TestBackends.EJML, model, Strategy.EKFAC);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            Provenance provenance = new InfluenceScorer<>(TestBackends.EJML, model)
                    .pairwise(solver, QUERIES, TRAIN)
                    .provenance();
            assertEquals("EKFAC", provenance.options().get("strategy"));
            assertEquals("full", provenance.options().get("rank"));
            assertEquals(17L, provenance.counts().get("training examples"));
            assertEquals(5L, provenance.counts().get("queries"));
            assertEquals(
                    List.of("covariances", "eigendecomposition", "eigenvalues", "scores"),
                    List.copyOf(provenance.durations().keySet()));
            assertEquals(TestBackends.EJML.description(), provenance.backend());
        }
    }

    /** The same model with its training loss as the measurement. */
    private record LossAsMeasurement(RandomSequences model) implements GradientProvider<Sequence> {
        @Override
        public List<LayerSpec> layers() {
            return model.layers();
        }

        @Override
        public void capture(
                ExampleBatch<Sequence> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            model.capture(batch, new Objective.TrainingLoss(), layers, sink);
        }
    }

    private record OpaqueSolver(EigenbasisSolver solver) implements IhvpSolver {
        @Override
        public List<LayerSpec> layers() {
            return solver.layers();
        }

        @Override
        public LayerGradients solve(LayerGradients vector) {
            return solver.solve(vector);
        }

        @Override
        public LayerDamping damping() {
            return solver.damping();
        }

        @Override
        public Provenance provenance() {
            return solver.provenance();
        }

        @Override
        public void close() {
            // borrows
        }
    }
}
