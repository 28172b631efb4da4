package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.ekfac.plan.Planner;
import io.github.influence4j.ekfac.plan.StagePlan;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The least that the stages of a fit and of scores of a language model could take: their flops, the model's passes included, over the
 * rate of products that is measured here. Decompositions are done in float64 and counted at the rate of products in float64.
 *
 * @param sgemm flops a second of products in float32, of the shape that the model's widest maps have
 * @param dgemm flops a second of products in float64, of the order of the largest factor
 */
record DecoderFloors(double sgemm, double dgemm) {

    private static final int LARGEST_FACTOR = 1536;

    static DecoderFloors measured(MatrixBackend backend, int rows) {
        try (MatrixBackend wide = MatrixBackends.named(backend.name(), Precision.FLOAT64)) {
            return new DecoderFloors(DecoderSpeed.rate(backend, rows), 1e9 * Sgemm.gflops(wide, LARGEST_FACTOR));
        }
    }

    /** Seconds, by stage. */
    Map<String, Double> of(
            MatrixBackend backend,
            Decoder model,
            int train,
            int questions,
            int predictions,
            FitOptions fit,
            ScoreOptions score) {
        DataShape data = DataShape.of(train, questions)
                .withPositions(predictions)
                .withModelFlopsPerPosition(Decoder.flopsPerPositionOf(model.shape(), model.layers(), predictions));
        List<String> names = model.layers().stream().map(layer -> layer.name()).toList();
        Plan plan = new Planner(backend, MachineRate.of(1))
                .plan(model.layers(), Decoder.sharedInputsOf(model.shape(), names), data, fit, score);
        Map<String, Double> floors = new LinkedHashMap<>();
        for (StagePlan stage : plan.stages()) {
            double rate = stage.stage().equals("eigendecomposition") ? dgemm : sgemm;
            floors.put(stage.stage(), (stage.flops() + stage.modelFlops()) / rate);
        }
        return floors;
    }
}
