package io.github.influence4j.ekfac.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.WorkSizes;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Plans for clusters against numbers worked out by hand. */
class ClusterPlannerTest {

    private static final ClusterPlanner PLANNER = new ClusterPlanner(TestBackends.EJML, MachineRate.of(10));
    private static final Planner ONE_JVM = new Planner(TestBackends.EJML, MachineRate.of(10));

    /** q and k of i = 4 read one input; c = 16 + 9 + 4 of both and 36 + 25 of the head. */
    private static final List<LayerSpec> LAYERS = List.of(
            LayerSpec.tokens("q", 4, 3).withoutBias(),
            LayerSpec.tokens("k", 4, 2).withoutBias(),
            LayerSpec.tokens("head", 6, 5).withoutBias());

    private static final List<List<String>> READING = List.of(List.of("q", "k"));
    private static final DataShape DATA = DataShape.of(1_000, 3).withPositions(5);

    private static ClusterPlan plan(FitOptions fit, ClusterShape cluster) {
        return PLANNER.plan(LAYERS, READING, DATA, fit, ScoreOptions.defaults(), cluster);
    }

    @Test
    void bytesByHand() {
        ClusterPlan plan = plan(FitOptions.defaults(), new ClusterShape(4, 2, 7));
        assertEquals(16 * 1_000, plan.stage("examples").shuffledBytes());
        // the sums of 7 partitions and their total, float64
        assertEquals(8 * 8 * (29 + 61), plan.stage("covariances").shuffledBytes());
        assertEquals(8 * 61, plan.stage("covariances").heapBytes());
        assertEquals(8 * 8 * (12 + 8 + 30), plan.stage("eigenvalues").shuffledBytes());
        assertEquals(8 * (29 + 61), plan.stage("eigenvalues").broadcastBytes());
        assertEquals(3 * 8 * (12 + 8 + 30), plan.stage("preconditioned queries").broadcastBytes());
        assertEquals(1, plan.layerGroups());
    }

    /** Of the head alone 61 numbers of sums, A's eigenvectors, and LAPACK's 24 bytes for each number of B. */
    @Test
    void layersThatDoNotFitTogetherArePassedApart() {
        ClusterPlan plan =
                plan(FitOptions.defaults().withMemoryLimit(8 * 61 + 8 * 36 + 24 * 25), ClusterShape.of(2, 1));
        assertEquals(2, plan.layerGroups());
        assertEquals(3 * 8 * (29 + 61), plan.stage("covariances").shuffledBytes());
        IllegalArgumentException thrown = assertThrows(
                IllegalArgumentException.class,
                () -> plan(FitOptions.defaults().withMemoryLimit(1_000), ClusterShape.of(2, 1)));
        assertTrue(thrown.toString().contains("layer head needs"), thrown::toString);
    }

    @Test
    void oneExecutorDoesTheWorkOfOneJvm() {
        Plan expected = ONE_JVM.plan(LAYERS, READING, DATA, FitOptions.defaults(), ScoreOptions.defaults());
        ClusterPlan plan = plan(FitOptions.defaults(), ClusterShape.of(1, 1));
        double covariances = expected.stage("covariances").seconds()
                + expected.stage("eigendecomposition").seconds();
        double moved = 2 * plan.stage("covariances").shuffledBytes() / ClusterPlanner.NETWORK;
        assertEquals(covariances + moved, plan.stage("covariances").seconds(), 1e-9 * covariances);
        double scoring = expected.stage("scoring").seconds();
        assertEquals(scoring, plan.stage("scores").seconds(), 1e-9 * scoring);
    }

    /** Defect: whether gradients are squared in a core's cache went by the cores of the machine that plans. */
    @Test
    void memoryIsThatOfTheExecutorsCores() {
        List<LayerSpec> wide = List.of(LayerSpec.tokens("wide", 512, 512));
        DataShape data = DataShape.of(1_000, 3).withPositions(8);
        double[][] bytes = new double[2][2];
        for (int planning = 0; planning < 2; planning++) {
            for (int executors = 0; executors < 2; executors++) {
                CountingBackend backend =
                        new CountingBackend(TestBackends.EJML, WorkSizes.PROCESSOR.withCores(planning + 1));
                bytes[planning][executors] = new ClusterPlanner(backend, MachineRate.of(10))
                        .plan(
                                wide,
                                List.of(),
                                data,
                                FitOptions.defaults(),
                                ScoreOptions.defaults(),
                                ClusterShape.of(2, executors + 1))
                        .stage("eigenvalues")
                        .nativeBytes();
            }
        }
        assertEquals(bytes[0][0], bytes[1][0]);
        assertEquals(bytes[0][1], bytes[1][1]);
        assertTrue(bytes[0][0] > bytes[0][1], "two cores square tiles, one takes whole gradients");
    }

    @Test
    void executorsShareTheWork() {
        DataShape many = DataShape.of(1_000_000, 3).withPositions(5);
        double one = PLANNER.plan(
                        LAYERS, READING, many, FitOptions.defaults(), ScoreOptions.defaults(), ClusterShape.of(1, 1))
                .stage("scores")
                .seconds();
        double eight = PLANNER.plan(
                        LAYERS, READING, many, FitOptions.defaults(), ScoreOptions.defaults(), ClusterShape.of(8, 1))
                .stage("scores")
                .seconds();
        assertEquals(one / 8, eight, 1e-3 * one);
        // nine partitions on eight executors: one of them has two
        double uneven = PLANNER.plan(
                        LAYERS,
                        READING,
                        many,
                        FitOptions.defaults(),
                        ScoreOptions.defaults(),
                        new ClusterShape(8, 1, 9))
                .stage("scores")
                .seconds();
        assertEquals(one * 2 / 9, uneven, 1e-3 * one);
    }

    @Test
    void optionsOfSpark() {
        Map<String, String> options =
                plan(FitOptions.defaults(), ClusterShape.of(8, 4)).sparkOptions(5.5 * (1L << 30));
        assertEquals("8", options.get("spark.executor.instances"));
        assertEquals("4", options.get("spark.executor.cores"));
        assertEquals("4", options.get("spark.task.cpus"));
        // 2 GiB of Spark's own, and a few bytes of these layers
        assertEquals("3g", options.get("spark.executor.memory"));
        assertEquals("8g", options.get("spark.executor.memoryOverhead"));
        assertEquals("3g", options.get("spark.driver.memory"));
    }

    @Test
    void strategiesWithoutStages() {
        assertEquals(
                List.of("examples", "factors", "preconditioned queries", "scores", "self-influence"),
                plan(FitOptions.defaults().withStrategy(Strategy.IDENTITY), ClusterShape.of(2, 1)).stages().stream()
                        .map(ClusterStage::stage)
                        .toList());
        ClusterPlan diagonal = plan(FitOptions.defaults().withStrategy(Strategy.DIAGONAL), ClusterShape.of(2, 1));
        assertEquals(0, diagonal.stage("eigenvalues").broadcastBytes());
        assertThrows(IllegalArgumentException.class, () -> diagonal.stage("covariances"));
        assertThrows(IllegalArgumentException.class, () -> ClusterShape.of(0, 1));
    }
}
