package io.github.influence4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** The planner's flops, by which floors go, against those that the efficiency of stages counts. */
class FloorsTest {

    private static final Workload WORK = Workload.named("gpt2-block");
    private static final double SGEMM = 3e11;
    private static final double DGEMM = 1e11;

    @Test
    void theFloorsOfAFitAreTheFlopsOfItsStagesAtTheirRates() {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            Map<Stage, Double> floors = new Floors(SGEMM, DGEMM).of(backend, WORK);
            double rows = (double) WORK.train() * WORK.positions();
            // forward through both layers, and back through the second
            double passes = rows * 2 * (2 * 768 * 3072 + 768.0 * 3072);
            close(rows * sum(StageFlops::covariance) + passes, floors.getOrDefault(Stage.COVARIANCE, 0.0) * SGEMM);
            double rotated = rows * sum(StageFlops::lambda) + passes;
            close(rotated, floors.getOrDefault(Stage.LAMBDA, 0.0) * SGEMM);
            // self-influence multiplies the squares of each example's gradient with the reciprocals
            double squares = 2 * WORK.train() * sum(LayerSpec::parameters);
            close(rotated + squares, floors.getOrDefault(Stage.SELF, 0.0) * SGEMM);
            close(sum(StageFlops::eigen), floors.getOrDefault(Stage.EIGEN, 0.0) * DGEMM);
        }
    }

    @Test
    void theFloorOfScoresHoldsQueriesAndThePass() {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            double flops = new Floors(SGEMM, DGEMM).of(backend, WORK).getOrDefault(Stage.PAIRWISE, 0.0) * SGEMM;
            double rows = (double) (WORK.train() + WORK.queries()) * WORK.positions();
            double passes = rows * 2 * (2 * 768 * 3072 + 768.0 * 3072);
            double scores =
                    WORK.train() * sum(layer -> StageFlops.wholeScores(layer, WORK.positions(), WORK.queries()));
            // so few examples are rotated into the eigenbasis, and the queries not out of it
            double rotated = rows * sum(layer -> 2 * StageFlops.covariance(layer));
            double formed = 2.0 * WORK.queries() * WORK.positions() * sum(LayerSpec::parameters);
            close(passes + scores + rotated + formed, flops);
        }
    }

    private static double sum(ToDoubleFunction<LayerSpec> flops) {
        return WORK.layers().stream().mapToDouble(flops).sum();
    }

    private static void close(double expected, double found) {
        assertEquals(expected, found, Tolerances.REORDERED_FLOAT64 * expected);
    }
}
