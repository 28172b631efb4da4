package io.github.influence4j.benchmarks;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.ekfac.plan.Planner;
import io.github.influence4j.ekfac.plan.StagePlan;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The least that the stages of a fit and of scores could take: the planner's flops, the model's passes included, over the rate of
 * products that is measured in the same run. Decompositions are done in float64 and counted at the rate of products in float64.
 * Nothing is added for what is read and written.
 *
 * @param sgemm flops a second of products in float32
 * @param dgemm flops a second of products in float64
 */
record Floors(double sgemm, double dgemm) {

    private static final String EIGENDECOMPOSITION = "eigendecomposition";
    private static final int LARGEST_FACTOR = 1536;

    /** Rates of square products of an order, for the workloads of {@link PeerComparison}. */
    static Floors ofSquareProducts(MatrixBackend backend, int order) {
        return new Floors(1e9 * Sgemm.gflops(backend, order), dgemm(backend, order));
    }

    /** Rates for a language model: of the product of its widest map, and of the order of its largest factor. */
    static Floors ofDecoder(MatrixBackend backend, int rows) {
        return new Floors(DecoderSpeed.rate(backend, rows), dgemm(backend, LARGEST_FACTOR));
    }

    private static double dgemm(MatrixBackend backend, int order) {
        try (MatrixBackend wide = MatrixBackends.named(backend.name(), Precision.FLOAT64)) {
            return 1e9 * Sgemm.gflops(wide, order);
        }
    }

    /** Seconds of the stages of a workload, self-influence included. */
    Map<Stage, Double> of(MatrixBackend backend, Workload workload) {
        DataShape data = DataShape.of(workload.train(), workload.queries())
                .withPositions(workload.positions())
                .withModelFlopsPerPosition(passes(workload.layers()));
        FitOptions fit = FitOptions.defaults().withBatchSize(workload.batchSize());
        ScoreOptions score =
                ScoreOptions.defaults().withBatchSize(workload.batchSize()).withQueryBatchSize(workload.queries());
        Planner planner = new Planner(backend, MachineRate.of(1));
        Plan plan = planner.plan(workload.layers(), data, fit, score);
        Map<Stage, Double> floors = new EnumMap<>(Stage.class);
        floors.put(Stage.COVARIANCE, seconds(plan.stage("covariances")));
        floors.put(Stage.EIGEN, seconds(plan.stage(EIGENDECOMPOSITION)));
        floors.put(Stage.LAMBDA, seconds(plan.stage("eigenvalues")));
        floors.put(Stage.PAIRWISE, pairwise(plan));
        if (workload.lowRank()) {
            ScoreOptions cut = score.withRank(QueryRank.randomised(Workload.RANK, 1));
            floors.put(Stage.PAIRWISE_LOW_RANK, pairwise(planner.plan(workload.layers(), data, fit, cut)));
        }
        floors.put(Stage.SELF, seconds(plan.stage("self-influence")));
        return floors;
    }

    private double pairwise(Plan plan) {
        return seconds(plan.stage("query preparation")) + seconds(plan.stage("scoring"));
    }

    /** Forward, and back to the first layer's outputs. */
    private static double passes(List<LayerSpec> layers) {
        double forward =
                layers.stream().mapToDouble(l -> 2.0 * l.inputs() * l.outputs()).sum();
        LayerSpec first = layers.get(0);
        return 2 * forward - 2.0 * first.inputs() * first.outputs();
    }

    /** Seconds of the planned stages of a language model. */
    Map<String, Double> of(MatrixBackend backend, Decoder model, DataShape data, FitOptions fit, ScoreOptions score) {
        DataShape counted = data.withModelFlopsPerPosition(
                Decoder.flopsPerPositionOf(model.shape(), model.layers(), data.positions()));
        List<String> names = model.layers().stream().map(LayerSpec::name).toList();
        Plan plan = new Planner(backend, MachineRate.of(1))
                .plan(model.layers(), Decoder.sharedInputsOf(model.shape(), names), counted, fit, score);
        Map<String, Double> floors = new LinkedHashMap<>();
        plan.stages().forEach(stage -> floors.put(stage.stage(), seconds(stage)));
        return floors;
    }

    private double seconds(StagePlan stage) {
        return (stage.flops() + stage.modelFlops()) / (stage.stage().equals(EIGENDECOMPOSITION) ? dgemm : sgemm);
    }
}
