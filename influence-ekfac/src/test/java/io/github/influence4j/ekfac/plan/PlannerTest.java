package io.github.influence4j.ekfac.plan;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.score.Path;
import io.github.influence4j.ekfac.internal.score.ScoringWays;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Plans against numbers worked out by hand, their refusals, and how they grow. */
class PlannerTest {

    private static final Planner PLANNER = new Planner(TestBackends.EJML, MachineRate.of(10));
    private static final FitOptions FIT = FitOptions.defaults();
    private static final ScoreOptions SCORE = ScoreOptions.defaults();
    private static final ScoringWays GRADIENT_FIRST = ScoringWays.CHEAPEST.with(Rotation.GRADIENT_FIRST);

    /** i = 4, o = 2. */
    private static final LayerSpec SMALL = LayerSpec.tokens("small", 3, 2);

    private static final DataShape DATA = DataShape.of(10, 3).withPositions(5);

    private static Plan small(FitOptions fit, ScoreOptions score) {
        return small(fit, Rotation.GRADIENT_FIRST, score, GRADIENT_FIRST);
    }

    private static Plan small(FitOptions fit, Rotation rotation, ScoreOptions score, ScoringWays ways) {
        return PLANNER.plan(List.of(SMALL), SharedInputs.none(), DATA, fit, rotation, score, ways);
    }

    private static void assertStage(Plan plan, String name, double flops, MemoryUse memory, double disk) {
        StagePlan stage = plan.stage(name);
        assertEquals(flops, stage.flops(), name);
        assertEquals(memory, stage.memory(), name);
        assertEquals(disk, stage.diskBytes(), name);
        assertTrue(stage.seconds() > 0, name);
    }

    @Test
    void aSmallModelByHand() {
        Plan plan = small(FIT, SCORE);
        // 10 examples of 5 positions; i² + o² = 20, i·o = 8, i·o(i + o) = 48; float64
        double captures = 8 * 10 * 5 * (4 + 2);
        // N·t(i² + o²); sums, which become means in place
        assertStage(plan, "covariances", 1000, new MemoryUse(8 * 20, 0, captures, 0, 0), 160);
        assertEquals(4 * 5 * 8 * 10, plan.stage("covariances").modelFlops());
        // 9(i³ + o³); LAPACK's 3i² numbers
        assertStage(plan, "eigendecomposition", 648, new MemoryUse(160, 24 * 16, captures, 0, 0), 160 + 8 * 6);
        // gradient first: 2t·i·o + 2i·o(i + o) = 176 against 2t(i² + o²) + 2t·i·o = 280
        assertStage(plan, "eigenvalues", 1760, new MemoryUse(160 + 64 + 64, 2 * 640, captures, 0, 0), 64);
        // per query 2t·i·o and two rotations of 96
        double factors = 160 + 64 + 64;
        assertStage(
                plan,
                "query preparation",
                3 * (80 + 192),
                new MemoryUse(factors, 2 * 192, 3 * 5 * 6 * 8, 192, 240),
                192);
        // gradient form 2t·i·o + 2Q·i·o = 128 against the projection's 2t·Q(i·o + o) = 300
        assertStage(plan, "scoring", 1280, new MemoryUse(factors, 640 + 240, captures, 192, 240), 240);
        // 176 and 2i·o
        assertStage(plan, "self-influence", 1920, new MemoryUse(factors, 2 * 640 + 80, captures, 0, 80), 80);
        assertEquals(1, plan.layerGroups());
        assertEquals(1, plan.queryPasses());
        assertEquals(4128, plan.peakBytes());
    }

    @Test
    void forcedWaysAndOtherOptionsByHand() {
        Plan plan = small(FIT, Rotation.ROTATE_FIRST, SCORE, GRADIENT_FIRST.with(Path.PROJECTION));
        assertEquals(2800, plan.stage("eigenvalues").flops());
        assertEquals(3000, plan.stage("scoring").flops());
        // 15 pairs of positions: 2t(i² + o²) + 30·i·o
        Plan pairs = small(FIT, Rotation.GRAM, SCORE, ScoringWays.CHEAPEST.with(Rotation.GRAM));
        assertEquals(10 * (200 + 240), pairs.stage("eigenvalues").flops());
        assertEquals(10 * (200 + 240), pairs.stage("self-influence").flops());
        // 10 examples of 5 rotated positions, 4 products of neighbours, and for scores gᵀW
        assertEquals(
                8 * 10 * (5 + 4) * (4 + 2), pairs.stage("eigenvalues").memory().workspace());
        assertEquals(
                8 * (10 * (5 + 4) * (4 + 2) + 10 * 5 * 4 + 10),
                pairs.stage("self-influence").memory().workspace());
        // blocks of 2 and 2, and of 1 and 1: half of everything quadratic, a quarter of everything cubic
        Plan split = small(FIT.withBlocks(2), SCORE);
        assertEquals(500, split.stage("covariances").flops());
        assertEquals(9 * (8 + 8 + 1 + 1), split.stage("eigendecomposition").flops());
        assertEquals(10 * (80 + 48), split.stage("eigenvalues").flops());
        assertEquals(8 * (4 + 4 + 1 + 1), split.stage("covariances").diskBytes());
        // eigenvectors of 4 and 2 coordinates, blocks of 2 and 1 one below the other, and eigenvalues
        assertEquals(
                8 * (4 * 2 + 2 * 1 + 4 + 2), split.stage("eigendecomposition").diskBytes());
        // three draws: the output gradients' covariance and the second pass three times
        Plan draws = small(FIT.withLabels(new FisherLabels.Sampled(1, 3)), SCORE);
        assertEquals(10 * 5 * (16 + 3 * 4), draws.stage("covariances").flops());
        assertEquals(3 * 1760, draws.stage("eigenvalues").flops());
        // one query at a time needs three passes
        Plan passes = small(FIT, SCORE.withQueryBatchSize(1).withMemoryLimit(64));
        assertEquals(3, passes.queryPasses());
        assertEquals(3 * 10 * (80 + 16), passes.stage("scoring").flops());
        assertEquals(64, passes.stage("scoring").memory().queries());
    }

    /** q, k and v of i = 4 read one input; the head another. */
    @Test
    void inputsOfSeveralLayersCountOnce() {
        List<LayerSpec> layers = List.of(
                LayerSpec.tokens("q", 4, 3).withoutBias(),
                LayerSpec.tokens("k", 4, 2).withoutBias(),
                LayerSpec.tokens("v", 4, 1).withoutBias(),
                LayerSpec.tokens("head", 4, 2).withoutBias());
        List<List<String>> shared = List.of(List.of("v", "k", "q"));
        Plan plan = PLANNER.plan(layers, shared, DATA, FIT, SCORE);
        // of i² = 16 two remain of four, and every o²
        double numbers = 2 * 16 + 9 + 4 + 1 + 4;
        assertEquals(50 * numbers, plan.stage("covariances").flops());
        assertEquals(8 * numbers, plan.stage("covariances").memory().factors());
        assertEquals(8 * numbers, plan.stage("covariances").diskBytes());
        assertEquals(
                9 * (2 * 64 + 27 + 8 + 1 + 8), plan.stage("eigendecomposition").flops());
        assertEquals(
                8 * (numbers + 2 * 4 + 3 + 2 + 1 + 2),
                plan.stage("eigendecomposition").diskBytes());
        double values = 4 * (3 + 2 + 1 + 2);
        // eigenvectors, eigenvalues and reciprocals
        assertEquals(8 * (numbers + 2 * values), plan.stage("scoring").memory().factors());
        Plan alone = PLANNER.plan(layers, DATA, FIT, SCORE);
        assertEquals(50 * (numbers + 2 * 16), alone.stage("covariances").flops());
        assertEquals(
                alone.stage("eigenvalues").flops(), plan.stage("eigenvalues").flops());
        assertTrue(plan.layers().get(1).factors().contains("another layer with the same input"));
        // whole gradients are each layer's own
        FitOptions gradients = FIT.withStrategy(Strategy.GRADIENT_BASIS);
        assertEquals(
                PLANNER.plan(layers, DATA, gradients, SCORE).peakBytes(),
                PLANNER.plan(layers, shared, DATA, gradients, SCORE).peakBytes());
    }

    /** Rows that are widened to float64 take longer, and the same operations. */
    @Test
    void widenedCovariancesTakeLongerAndTheSameFlops() {
        Planner planner = new Planner(TestBackends.FAST_FLOAT32, MachineRate.of(100));
        List<LayerSpec> wide = List.of(LayerSpec.dense("wide", 400, 300));
        DataShape data = DataShape.of(1000, 1);
        StagePlan usual = planner.plan(wide, data, FIT, SCORE).stage("covariances");
        StagePlan widened =
                planner.plan(wide, data, FIT.withFloat64Covariances(), SCORE).stage("covariances");
        assertEquals(usual.flops(), widened.flops());
        assertEquals(usual.modelFlops(), widened.modelFlops());
        double products = 1000 * 401.0 * 401 / Kernel.RANK_UPDATE.efficiency(401)
                + 1000 * 300.0 * 300 / Kernel.RANK_UPDATE.efficiency(300);
        // twice the time of the products on top, at 10^11 flops a second
        assertEquals(2 * products / 1e11, widened.seconds() - usual.seconds(), Tolerances.REORDERED_FLOAT64);
        // narrow ones are widened without being asked to be
        List<LayerSpec> narrow = List.of(LayerSpec.dense("narrow", 200, 100));
        assertEquals(
                planner.plan(narrow, data, FIT, SCORE).stage("covariances").seconds(),
                planner.plan(narrow, data, FIT.withFloat64Covariances(), SCORE)
                        .stage("covariances")
                        .seconds());
    }

    @Test
    void strategiesHaveOnlyTheirOwnStages() {
        Plan identity = small(FIT.withStrategy(Strategy.IDENTITY), SCORE);
        assertEquals(
                List.of("query preparation", "scoring", "self-influence"),
                identity.stages().stream().map(StagePlan::stage).toList());
        assertThrows(IllegalArgumentException.class, () -> identity.stage("covariances"));
        Plan diagonal = small(FIT.withStrategy(Strategy.DIAGONAL), SCORE);
        assertEquals(10 * 80, diagonal.stage("eigenvalues").flops());
        assertEquals(5, small(FIT.withStrategy(Strategy.KFAC), SCORE).stages().size());
    }

    @Test
    void layersSayWhichWayAndWhy() {
        Plan plan =
                PLANNER.plan(List.of(SMALL, LayerSpec.dense("head", 3, 2)), DATA, FIT.withBlocks(2), SCORE.withRank(1));
        LayerPlan tokens = plan.layers().get(0);
        assertEquals(
                "gradient first 128 flops an example (against rotate first 180 flops an example, pairs of positions 340"
                        + " flops an example)",
                tokens.rotation());
        assertEquals("group 1, covariances in 2 block(s) of order 2 and 1 at most", tokens.factors());
        assertEquals("factors of rank 1", tokens.queries());
        assertTrue(tokens.scoring().startsWith("gradient form 128 flops"), tokens::scoring);
        assertTrue(plan.layers().get(1).rotation().contains("one position"), tokens::rotation);
        String text = plan.describe();
        for (String part : List.of("covariances", "scoring", "KiB", "layer small (2 x 4)", "layer head", "1 group")) {
            assertTrue(text.contains(part), text);
        }
    }

    @Test
    void whatCannotFitIsRefused() {
        Plan plan = small(FIT, SCORE);
        assertDoesNotThrow(() -> plan.require(4128));
        String refusal = assertThrows(IllegalArgumentException.class, () -> plan.require(4127))
                .toString();
        assertTrue(refusal.contains("stage self-influence needs 4.0 KiB"), refusal);
        assertTrue(refusal.contains("there is room for"), refusal);
        FitOptions tight = FIT.withMemoryLimit(100);
        String named = assertThrows(IllegalArgumentException.class, () -> small(tight, SCORE))
                .toString();
        assertTrue(named.contains("small (2 x 4)"), named);
        assertThrows(IllegalArgumentException.class, () -> DataShape.of(0, 1));
        assertThrows(IllegalArgumentException.class, () -> DATA.withPositions("small", 0));
        assertThrows(IllegalArgumentException.class, () -> MachineRate.of(0));
    }

    @Test
    void positionsOfLayersAreTheirOwn() {
        DataShape data = DATA.withPositions("conv", 49);
        assertEquals(5, data.positions(SMALL));
        assertEquals(1, data.positions(LayerSpec.dense("head", 3, 2)));
        assertEquals(49, data.positions(LayerSpec.dense("conv", 3, 2)));
    }

    @Test
    void groupsAreThoseOfTheFit() {
        List<LayerSpec> layers = List.of(LayerSpec.dense("a", 200, 100), LayerSpec.dense("b", 100, 150));
        Plan one = PLANNER.plan(layers, DATA, FIT, SCORE);
        double factors = one.stage("eigendecomposition").memory().factors()
                + one.stage("eigendecomposition").memory().workspace();
        Plan two = PLANNER.plan(layers, DATA, FIT.withMemoryLimit((long) (0.97 * factors)), SCORE);
        assertEquals(1, one.layerGroups());
        assertEquals(2, two.layerGroups());
        assertEquals(one.stage("covariances").flops(), two.stage("covariances").flops());
        assertEquals(
                2 * one.stage("covariances").modelFlops(),
                two.stage("covariances").modelFlops());
        MemoryUse fullest = two.stage("eigendecomposition").memory();
        assertTrue(fullest.factors() + fullest.workspace() <= 0.97 * factors);
    }

    /** A model of which few layers are tracked costs its whole pass: N·t positions in each, one for each group and pass. */
    @Test
    void theModelsOwnPassesAreWhatTheHostSays() {
        List<LayerSpec> layers = List.of(LayerSpec.tokens("a", 200, 100), LayerSpec.tokens("b", 100, 150));
        DataShape data = DATA.withModelFlopsPerPosition(1000);
        Plan counted = PLANNER.plan(layers, DATA, FIT, SCORE);
        Plan said = PLANNER.plan(layers, data, FIT, SCORE);
        double pass = 10 * 5 * 1000;
        for (String stage : List.of("covariances", "eigenvalues", "scoring", "self-influence")) {
            assertEquals(pass, said.stage(stage).modelFlops(), stage);
            assertEquals(counted.stage(stage).flops(), said.stage(stage).flops(), stage);
        }
        assertEquals(0, said.stage("eigendecomposition").modelFlops());
        assertEquals(3 * 5 * 1000, said.stage("query preparation").modelFlops());
        double factors = said.stage("eigendecomposition").memory().factors()
                + said.stage("eigendecomposition").memory().workspace();
        Plan groups = PLANNER.plan(layers, data, FIT.withMemoryLimit((long) (0.97 * factors)), SCORE);
        assertEquals(groups.layerGroups() * pass, groups.stage("covariances").modelFlops());
        Plan passes = PLANNER.plan(layers, data, FIT, SCORE.withMemoryLimit(1));
        assertEquals(3, passes.queryPasses());
        assertEquals(3 * pass, passes.stage("scoring").modelFlops());
        for (double flops : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThrows(IllegalArgumentException.class, () -> data.withModelFlopsPerPosition(flops));
        }
    }

    /** Every number of queries has its plan, in no time. */
    @Test
    void manyQueriesTakeManyPasses() {
        ScoreOptions oneAtATime = SCORE.withMemoryLimit(1);
        Plan plan = PLANNER.plan(List.of(SMALL), DataShape.of(10, Integer.MAX_VALUE), FIT, oneAtATime);
        assertEquals(Integer.MAX_VALUE, plan.queryPasses());
        Plan one = PLANNER.plan(List.of(SMALL), DataShape.of(10, 1), FIT, oneAtATime);
        assertEquals(
                Integer.MAX_VALUE * one.stage("scoring").flops(),
                plan.stage("scoring").flops(),
                1e-9 * plan.stage("scoring").flops());
    }

    @Test
    void ratesAreMeasured() {
        MachineRate rate = MachineRate.measure(TestBackends.FAST_FLOAT32);
        assertTrue(rate.productGflops() > 0.1 && rate.productGflops() < 1e6, rate::toString);
        assertTrue(rate.gigaElements() > 1e-3 && rate.gigaElements() < 1e4, rate::toString);
    }

    @Property(tries = 100, edgeCases = EdgeCasesMode.NONE)
    void moreWorkNeverNeedsLess(
            @ForAll @IntRange(min = 1, max = 400) int inputs,
            @ForAll @IntRange(min = 1, max = 400) int outputs,
            @ForAll @IntRange(min = 1, max = 64) int positions,
            @ForAll @IntRange(min = 1, max = 1000) int examples,
            @ForAll @IntRange(min = 1, max = 30) int queries,
            @ForAll Strategy strategy,
            @ForAll Path path) {
        FitOptions fit = FIT.withStrategy(strategy);
        Plan plan = plan(inputs, outputs, positions, examples, queries, fit, path);
        assertTrue(
                path != Path.CHEAPEST
                        || Stream.of(Path.PROJECTION, Path.GRADIENT)
                                .anyMatch(one -> flops(plan)
                                        == flops(plan(inputs, outputs, positions, examples, queries, fit, one))),
                "the cheapest path is one of the two");
        assertNoLess(plan, plan(inputs + 7, outputs, positions, examples, queries, fit, path), path, "inputs");
        assertNoLess(plan, plan(inputs, outputs + 7, positions, examples, queries, fit, path), path, "outputs");
        assertNoLess(plan, plan(inputs, outputs, positions, examples + 50, queries, fit, path), path, "examples");
        assertNoLess(plan, plan(inputs, outputs, positions, examples, queries + 3, fit, path), path, "queries");
        assertNoLess(
                plan(inputs, outputs, positions, examples, queries, fit.withBlocks(2), path), plan, path, "blocks");
    }

    private static Plan plan(
            int inputs, int outputs, int positions, int examples, int queries, FitOptions fit, Path path) {
        DataShape data = DataShape.of(examples, queries).withPositions(positions);
        List<LayerSpec> layers = List.of(LayerSpec.tokens("layer", inputs, outputs));
        ScoringWays ways = ScoringWays.CHEAPEST.with(path);
        return PLANNER.plan(layers, SharedInputs.none(), data, fit, Rotation.CHEAPEST, SCORE, ways);
    }

    private static void assertNoLess(Plan less, Plan more, Path path, String what) {
        // the cheapest path takes least time: where it changes, more work may need fewer flops, of a slower kind
        assertTrue(path == Path.CHEAPEST || flops(more) >= flops(less) * (1 - 1e-12), () -> what + ": flops");
        assertTrue(more.diskBytes() >= less.diskBytes(), () -> what + ": disk");
        for (StagePlan stage : less.stages()) {
            assertTrue(
                    more.stage(stage.stage()).memory().factors()
                            >= stage.memory().factors(),
                    () -> what + ": " + stage.stage());
        }
    }

    private static double flops(Plan plan) {
        return plan.stages().stream()
                .mapToDouble(stage -> stage.flops() + stage.modelFlops())
                .sum();
    }
}
