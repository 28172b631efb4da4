package io.github.influence4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** Floors against flops by {@link StageFlops} and bytes by hand. */
class FloorsTest {

    private static final Workload WORK = Workload.named("gpt2-block");
    private static final double SGEMM = 3e11;
    private static final double DGEMM = 1e11;

    @Test
    void theFloorsOfAFitAreTheFlopsOfItsStagesAtTheirRates() {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            Map<Stage, Double> floors = new Floors(SGEMM, DGEMM, Double.POSITIVE_INFINITY).of(backend, WORK);
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
            double flops = new Floors(SGEMM, DGEMM, Double.POSITIVE_INFINITY)
                            .of(backend, WORK)
                            .getOrDefault(Stage.PAIRWISE, 0.0)
                    * SGEMM;
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

    /** 7-6-4 with biases, 60 examples, 5 queries, one class at each; factors of order 8 and 6, 7 and 4. */
    @Test
    void theBytesOfASmallModelByHand() {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            double endless = Double.POSITIVE_INFINITY;
            Map<Stage, Double> bytes = new Floors(endless, endless, 1).of(backend, Workload.named("tiny-mlp"));
            double data = 60 * (7 + 1);
            double weights = 8 * 6 + 7 * 4;
            double covariances = 64 + 36 + 49 + 16;
            double bases = covariances + 8 + 6 + 7 + 4;
            double lambdas = weights;
            close(4 * (data + weights + covariances), bytes.getOrDefault(Stage.COVARIANCE, 0.0));
            close(4 * (covariances + bases), bytes.getOrDefault(Stage.EIGEN, 0.0));
            close(4 * (data + weights + bases + lambdas), bytes.getOrDefault(Stage.LAMBDA, 0.0));
            double prepared = 5 * (7 + 1) + weights + bases + lambdas;
            close(4 * (prepared + data + weights + 5 * 60), bytes.getOrDefault(Stage.PAIRWISE, 0.0));
            close(4 * (data + weights + bases + lambdas + 60), bytes.getOrDefault(Stage.SELF, 0.0));
        }
    }

    @Test
    void anInputOfSeveralLayersCountsOnce() {
        List<LayerSpec> layers = List.of(
                LayerSpec.tokens("gate", 3, 5).withoutBias(),
                LayerSpec.tokens("up", 3, 5).withoutBias());
        LeastBytes alone = LeastBytes.of(layers, List.of(), 0, 0, 4);
        LeastBytes shared = LeastBytes.of(layers, List.of(List.of("up", "gate")), 0, 0, 4);
        close(4 * 9, alone.covariances() - shared.covariances());
        close(4 * (9 + 3), alone.bases() - shared.bases());
        assertEquals(alone.lambdas(), shared.lambdas());
    }

    /** Nothing but the products of the captures, which are read: two positions of 3 + 5 numbers. */
    @Test
    void capturesInMemoryNeedNoModel() {
        List<LayerSpec> layers = List.of(LayerSpec.tokens("layer", 3, 5));
        DataShape data = DataShape.of(10, 1).withPositions(2);
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            Map<String, Floors.Least> least = new Floors(1, 1, 1)
                    .ofCaptures(backend, layers, data, FitOptions.defaults(), ScoreOptions.defaults());
            double flops = 20 * StageFlops.covariance(layers.get(0));
            double bytes = 4 * (20 * (3 + 5) + 16 + 25);
            close(flops, Floors.at(least, Floors.COVARIANCES).flops());
            close(flops + bytes, Floors.at(least, Floors.COVARIANCES).seconds());
        }
    }

    private static double sum(ToDoubleFunction<LayerSpec> flops) {
        return WORK.layers().stream().mapToDouble(flops).sum();
    }

    private static void close(double expected, double found) {
        assertEquals(expected, found, Tolerances.REORDERED_FLOAT64 * expected);
    }
}
