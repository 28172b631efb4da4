package io.github.influence4j.ekfac.internal.score;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.RandomSequences;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.CountingBackend;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.WorkSizes;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The cost model's numbers, and that each way it may take gives the same scores. */
class ScoringCostTest {

    private static final LayerSpec FC = LayerSpec.tokens("fc", 767, 3072);

    static List<MatrixBackend> backends() {
        return TestBackends.all();
    }

    @Test
    void flopsAreThoseOfTheProducts() {
        ScoringCost cost = new ScoringCost(FC, 128, 16, 32);
        assertEquals(2.0 * 128 * 16 * (768.0 * 3072 + 3072), cost.projection());
        assertEquals(2.0 * 768 * 3072 * (128 + 16), cost.gradient());
        assertEquals(2.0 * 128 * 16 * 32 * (768 + 3072 + 1), cost.factored());
    }

    @Test
    void theCheaperWayIsTakenUnlessForcedOrTokensAreWanted() {
        ScoringCost sequence = new ScoringCost(FC, 128, 16, 32);
        assertEquals(Path.GRADIENT, sequence.whole(Path.CHEAPEST, false));
        assertEquals(Path.PROJECTION, sequence.whole(Path.CHEAPEST, true));
        assertEquals(Path.PROJECTION, sequence.whole(Path.PROJECTION, false));
        assertEquals(Path.PROJECTION, new ScoringCost(FC, 1, 100, 0).whole(Path.CHEAPEST, false));
        assertEquals(Path.GRADIENT, new ScoringCost(FC, 1, 100, 0).whole(Path.GRADIENT, false));
        assertFalse(sequence.multipliesOut(Path.CHEAPEST, false));
        assertTrue(new ScoringCost(FC, 128, 200, 32).multipliesOut(Path.CHEAPEST, false));
        assertFalse(new ScoringCost(FC, 128, 200, 32).multipliesOut(Path.CHEAPEST, true));
        assertTrue(sequence.rotatesCaptures(Coordinates.CHEAPEST, 1));
        assertFalse(sequence.rotatesCaptures(Coordinates.CHEAPEST, 1000));
        assertTrue(sequence.rotatesCaptures(Coordinates.EIGENBASIS, 1000));
        assertFalse(sequence.rotatesCaptures(Coordinates.PARAMETERS, 1));
        assertTrue(sequence.multipliesOut(Path.GRADIENT, false));
        assertFalse(sequence.multipliesOut(Path.GRADIENT, true));
        assertFalse(new ScoringCost(FC, 128, 200, 32).multipliesOut(Path.PROJECTION, false));
    }

    /** Defect: flops alone chose gradients here, which took up to 12 times as long. */
    @Test
    void gradientsOfFewPositionsAreNotFormedForFewQueries() {
        for (int queries : new int[] {2, 4}) {
            ScoringCost few = new ScoringCost(FC, 2, queries, 0);
            assertTrue(few.gradient() < few.projection());
            assertEquals(Path.PROJECTION, few.whole(Path.CHEAPEST, false));
            assertEquals(Path.GRADIENT, new ScoringCost(FC, 64, queries, 0).whole(Path.CHEAPEST, false));
        }
        assertEquals(Path.GRADIENT, new ScoringCost(FC, 16, 16, 0).whole(Path.CHEAPEST, false));
        LayerSpec narrow = LayerSpec.tokens("narrow", 127, 512);
        ScoringCost cut = new ScoringCost(narrow, 8, 16, 32);
        assertTrue(cut.gradient() < cut.factored());
        assertFalse(cut.multipliesOut(Path.CHEAPEST, false));
        assertTrue(new ScoringCost(narrow, 64, 16, 32).multipliesOut(Path.CHEAPEST, false));
    }

    /** More queries or positions never turn the choice back: what is said of one crossing is said of all. */
    @Property
    void gradientsAreForMoreQueriesAndMorePositions(
            @ForAll @IntRange(min = 1, max = 4000) int inputs,
            @ForAll @IntRange(min = 1, max = 4000) int outputs,
            @ForAll @IntRange(min = 1, max = 300) int positions,
            @ForAll @IntRange(min = 1, max = 300) int queries) {
        LayerSpec layer = LayerSpec.tokens("layer", inputs, outputs).withoutBias();
        if (new ScoringCost(layer, positions, queries, 0).whole(Path.CHEAPEST, false) == Path.GRADIENT) {
            assertEquals(Path.GRADIENT, new ScoringCost(layer, positions, queries + 1, 0).whole(Path.CHEAPEST, false));
            assertEquals(Path.GRADIENT, new ScoringCost(layer, positions + 1, queries, 0).whole(Path.CHEAPEST, false));
        }
    }

    @Test
    void asManyQueriesAreProjectedTogetherAsLeaveRowsEnough() {
        WorkSizes sizes = WorkSizes.PROCESSOR;
        assertEquals(64, ScoringCost.queriesAtOnce(sizes, 4096, 64, 512));
        assertEquals(11, ScoringCost.queriesAtOnce(sizes, 4096, 64, 3072));
        assertEquals(64, ScoringCost.queriesAtOnce(sizes, 8, 64, 3072));
        assertEquals(1, ScoringCost.queriesAtOnce(sizes, 4096, 64, 1 << 20));
    }

    /** With little room between two products, rows and queries are taken a few at a time: whole and cut, of examples and tokens. */
    @ParameterizedTest
    @MethodSource("backends")
    void aFewQueriesAtATimeGiveTheSameScores(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        ExampleSource<Sequence> train = RandomSequences.sequences(12, 50);
        ExampleSource<Sequence> queries = RandomSequences.sequences(5, 900);
        int rows = 12 * 6;
        // 2 and 3 queries together with all rows, and 1 with a few rows
        for (long temporary : new long[] {rows * 6, 20}) {
            WorkSizes sizes = new WorkSizes(8, 64, temporary);
            assertEquals(temporary == 20 ? 1 : 2, ScoringCost.queriesAtOnce(sizes, rows, 5, 3));
            assertEquals(temporary == 20 ? 1 : 3, ScoringCost.queriesAtOnce(sizes, rows, 5, 2));
            MatrixBackend cramped = new CountingBackend(backend, sizes);
            for (ScoreOptions options : List.of(
                    ScoreOptions.defaults(),
                    ScoreOptions.defaults().withRank(2),
                    ScoreOptions.defaults().withPerToken(true))) {
                InfluenceScores expected = scores(backend, model, options, queries, train);
                InfluenceScores found = scores(cramped, model, options, queries, train);
                double tolerance = Tolerances.reordered(backend.precision());
                assertClose(expected.matrix(), found.matrix(), tolerance, options + ", " + temporary);
                for (int q = 0; options.perToken() && q < 5; q++) {
                    assertClose(tokens(expected, q), tokens(found, q), tolerance, "tokens, query " + q);
                }
            }
        }
    }

    private static double[][] tokens(InfluenceScores scores, int query) {
        return IntStream.range(0, 12).mapToObj(z -> scores.tokens(query, z)).toArray(double[][]::new);
    }

    private static InfluenceScores scores(
            MatrixBackend backend,
            RandomSequences model,
            ScoreOptions options,
            ExampleSource<Sequence> queries,
            ExampleSource<Sequence> train) {
        try (EigenbasisCurvature curvature = fit(backend, model, train);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            return pairwise(backend, model, options, ways(Path.PROJECTION), solver, queries, train);
        }
    }

    /** One training example and many queries: rotating the example is cheaper than rotating the queries back. */
    @ParameterizedTest
    @MethodSource("backends")
    void scoresInTheEigenbasisAreThoseOutsideIt(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        ExampleSource<Sequence> fitted = RandomSequences.sequences(12, 50);
        ExampleSource<Sequence> one = RandomSequences.sequences(1, 300);
        ExampleSource<Sequence> queries = RandomSequences.sequences(40, 900);
        assertTrue(new ScoringCost(model.layers().get(0), 6, 40, 0).rotatesCaptures(Coordinates.CHEAPEST, 1));
        try (EigenbasisCurvature curvature =
                        EigenbasisApproximator.<Sequence>ekfac(backend).fit(model, fitted);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            ScoreOptions together = ScoreOptions.defaults().withQueryBatchSize(40);
            // one query at a time is too few for the eigenbasis to pay
            ScoreOptions apart = ScoreOptions.defaults().withQueryBatchSize(1).withMemoryLimit(1);
            assertFalse(new ScoringCost(model.layers().get(0), 6, 1, 0).rotatesCaptures(Coordinates.CHEAPEST, 1));
            for (Path path : Path.values()) {
                assertClose(
                        pairwise(backend, model, apart, ways(path), solver, queries, one)
                                .matrix(),
                        pairwise(backend, model, together, ways(path), solver, queries, one)
                                .matrix(),
                        Tolerances.reordered(backend.precision()),
                        "" + path);
            }
        }
    }

    /** Every combination of forced ways, for whole queries and cut ones. */
    @ParameterizedTest
    @MethodSource("backends")
    void everyForcedWayGivesTheSameScores(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        ExampleSource<Sequence> train = RandomSequences.sequences(12, 50);
        ExampleSource<Sequence> queries = RandomSequences.sequences(5, 900);
        try (EigenbasisCurvature curvature = fit(backend, model, train);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            for (ScoreOptions options :
                    List.of(ScoreOptions.defaults(), ScoreOptions.defaults().withRank(2))) {
                InfluenceScores expected = pairwise(backend, model, options, solver, queries, train);
                for (Path path : Path.values()) {
                    for (Coordinates coordinates : Coordinates.values()) {
                        ScoringWays forced = ways(path).with(coordinates);
                        assertClose(
                                expected.matrix(),
                                pairwise(backend, model, options, forced, solver, queries, train)
                                        .matrix(),
                                Tolerances.reordered(backend.precision()),
                                path + " " + coordinates + ", rank " + options.rank());
                    }
                }
            }
        }
    }

    /** With many queries of rank 2 it is cheaper to multiply the factors out. */
    @ParameterizedTest
    @MethodSource("backends")
    void factorsMultipliedOutGiveTheSameScores(MatrixBackend backend) {
        RandomSequences model = RandomSequences.mixed();
        ExampleSource<Sequence> train = RandomSequences.sequences(12, 50);
        ExampleSource<Sequence> queries = RandomSequences.sequences(40, 900);
        LayerSpec first = model.layers().get(0);
        assertTrue(new ScoringCost(first, 6, 40, 2).multipliesOut(Path.CHEAPEST, false));
        try (EigenbasisCurvature curvature = fit(backend, model, train);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            ScoreOptions options = ScoreOptions.defaults().withRank(2);
            assertClose(
                    pairwise(backend, model, options, ways(Path.PROJECTION), solver, queries, train)
                            .matrix(),
                    pairwise(backend, model, options, solver, queries, train).matrix(),
                    Tolerances.reordered(backend.precision()),
                    "multiplied out");
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aRandomisedCutOfFullRankIsExactAndOneOfLowRankSaysItsError(MatrixBackend backend) {
        RandomSequences model = RandomSequences.tokens();
        ExampleSource<Sequence> train = RandomSequences.sequences(12, 50);
        ExampleSource<Sequence> queries = RandomSequences.sequences(4, 900);
        try (EigenbasisCurvature curvature = fit(backend, model, train);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            ScoreOptions plain = ScoreOptions.defaults();
            InfluenceScores exact = pairwise(backend, model, plain.withRank(2), solver, queries, train);
            InfluenceScores randomised =
                    pairwise(backend, model, plain.withRank(QueryRank.randomised(2, 5)), solver, queries, train);
            InfluenceScores again =
                    pairwise(backend, model, plain.withRank(QueryRank.randomised(2, 5)), solver, queries, train);
            // at most 5 directions exist, and 12 are tried: nothing is left to chance
            assertClose(
                    exact.matrix(), randomised.matrix(), 10 * Tolerances.reordered(backend.precision()), "randomised");
            assertClose(randomised.matrix(), again.matrix(), 0, "same seed");
            double error = cutError(randomised);
            assertEquals(cutError(exact), error, 10 * Tolerances.reordered(backend.precision()));
            assertTrue(error > 0 && error < 1, "error " + error);
        }
    }

    @Test
    void lowerRanksCutMore() {
        MatrixBackend backend = TestBackends.EJML;
        RandomSequences model = RandomSequences.tokens();
        ExampleSource<Sequence> train = RandomSequences.sequences(12, 50);
        try (EigenbasisCurvature curvature = fit(backend, model, train);
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            double before = 1;
            for (int rank = 1; rank <= 3; rank++) {
                double error = cutError(
                        pairwise(backend, model, ScoreOptions.defaults().withRank(rank), solver, train, train));
                assertTrue(error <= before, "rank " + rank + ": " + error + " after " + before);
                before = error;
            }
        }
        assertThrows(IllegalArgumentException.class, () -> QueryRank.randomised(0, 1));
    }

    private static double cutError(InfluenceScores scores) {
        String error = scores.provenance().options().get("largest relative error of a cut query");
        return Double.parseDouble(error == null ? "NaN" : error);
    }

    private static EigenbasisCurvature fit(
            MatrixBackend backend, RandomSequences model, ExampleSource<Sequence> train) {
        return EigenbasisApproximator.<Sequence>of(backend, FitOptions.defaults())
                .fit(model, train);
    }

    private static ScoringWays ways(Path path) {
        return ScoringWays.CHEAPEST.with(path);
    }

    private static InfluenceScores pairwise(
            MatrixBackend backend,
            RandomSequences model,
            ScoreOptions options,
            EigenbasisSolver solver,
            ExampleSource<Sequence> queries,
            ExampleSource<Sequence> train) {
        return pairwise(backend, model, options, ScoringWays.CHEAPEST, solver, queries, train);
    }

    private static InfluenceScores pairwise(
            MatrixBackend backend,
            RandomSequences model,
            ScoreOptions options,
            ScoringWays ways,
            EigenbasisSolver solver,
            ExampleSource<Sequence> queries,
            ExampleSource<Sequence> train) {
        return new InfluenceScorer<>(backend, model, options, ProgressListener.silent())
                .taking(ways)
                .pairwise(solver, queries, train);
    }
}
