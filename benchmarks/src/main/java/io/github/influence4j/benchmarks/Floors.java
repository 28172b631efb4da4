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
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * The least that the stages of a fit and of scores could take: the planner's flops, the model's passes included, over the rate of
 * products that is measured in the same run, and {@link LeastBytes} over the rate of a copy. Decompositions are done in float64 and
 * counted at the rate of products in float64.
 *
 * @param sgemm flops a second of products in the working precision
 * @param dgemm flops a second of products in float64
 * @param copy bytes a second that a copy reads and writes
 */
record Floors(double sgemm, double dgemm, double copy) {

    /** The planner's names of stages. */
    static final String COVARIANCES = "covariances";

    static final String EIGENDECOMPOSITION = "eigendecomposition";
    static final String EIGENVALUES = "eigenvalues";
    static final String QUERIES = "query preparation";
    static final String SCORING = "scoring";
    static final String SELF = "self-influence";

    private static final int LARGEST_FACTOR = 1536;

    /**
     * What a stage must do.
     *
     * @param flops operations
     * @param seconds that they and the bytes that must move take at least
     */
    record Least(double flops, double seconds) {

        Least plus(Least other) {
            return new Least(flops + other.flops, seconds + other.seconds);
        }
    }

    /** Rates of square products of an order, for the workloads of {@link PeerComparison}. */
    static Floors ofSquareProducts(MatrixBackend backend, int order) {
        return new Floors(1e9 * Sgemm.gflops(backend, order), dgemm(backend, order), CopyRate.bytesPerSecond(backend));
    }

    /** Rates for a language model: of the product of its widest map, and of the order of its largest factor. */
    static Floors ofDecoder(MatrixBackend backend, int rows) {
        return new Floors(
                DecoderSpeed.rate(backend, rows), dgemm(backend, LARGEST_FACTOR), CopyRate.bytesPerSecond(backend));
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
        LeastBytes bytes = LeastBytes.of(workload);
        Map<String, Least> least = stages(backend, workload.layers(), List.of(), data, fit, score, bytes);
        Map<Stage, Double> floors = new EnumMap<>(Stage.class);
        floors.put(Stage.COVARIANCE, at(least, COVARIANCES).seconds());
        floors.put(Stage.EIGEN, at(least, EIGENDECOMPOSITION).seconds());
        floors.put(Stage.LAMBDA, at(least, EIGENVALUES).seconds());
        floors.put(Stage.PAIRWISE, pairwise(least));
        if (workload.lowRank()) {
            ScoreOptions cut = score.withRank(QueryRank.randomised(Workload.RANK, 1));
            floors.put(
                    Stage.PAIRWISE_LOW_RANK,
                    pairwise(stages(backend, workload.layers(), List.of(), data, fit, cut, bytes)));
        }
        floors.put(Stage.SELF, at(least, SELF).seconds());
        return floors;
    }

    private static double pairwise(Map<String, Least> least) {
        return at(least, QUERIES).plus(at(least, SCORING)).seconds();
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
        List<List<String>> shared = Decoder.sharedInputsOf(model.shape(), names);
        int number = backend.precision().bytes();
        // an example is its tokens, and a label at each position
        double example = 2.0 * Integer.BYTES * data.positions();
        double weights = (double) number * model.shape().parameters();
        LeastBytes bytes = LeastBytes.of(model.layers(), shared, example, weights, number);
        Map<String, Double> seconds = new LinkedHashMap<>();
        stages(backend, model.layers(), shared, counted, fit, score, bytes)
                .forEach((stage, least) -> seconds.put(stage, least.seconds()));
        return seconds;
    }

    /** The planned stages of a model whose passes read so many bytes. */
    Map<String, Least> stages(
            MatrixBackend backend,
            List<LayerSpec> layers,
            List<List<String>> sharedInputs,
            DataShape data,
            FitOptions fit,
            ScoreOptions score,
            LeastBytes bytes) {
        Plan plan = new Planner(backend, MachineRate.of(1)).plan(layers, sharedInputs, data, fit, score);
        return stages(plan, stage -> stage.flops() + stage.modelFlops(), bytes.stages(data));
    }

    /** The planned stages where captures lie in memory and no model runs. */
    Map<String, Least> ofCaptures(
            MatrixBackend backend, List<LayerSpec> layers, DataShape data, FitOptions fit, ScoreOptions score) {
        Plan plan = new Planner(backend, MachineRate.of(1)).plan(layers, data, fit, score);
        LeastBytes bytes =
                LeastBytes.ofCaptures(layers, data, backend.precision().bytes());
        return stages(plan, StagePlan::flops, bytes.stages(data));
    }

    private Map<String, Least> stages(Plan plan, ToDoubleFunction<StagePlan> flops, Map<String, Double> bytes) {
        Map<String, Least> least = new LinkedHashMap<>();
        for (StagePlan stage : plan.stages()) {
            double rate = stage.stage().equals(EIGENDECOMPOSITION) ? dgemm : sgemm;
            double count = flops.applyAsDouble(stage);
            double moved = at(bytes, stage.stage()) / copy;
            least.put(stage.stage(), new Least(count, count / rate + moved));
        }
        return least;
    }

    /** Products of so many flops, whatever they read and write. */
    Least products(double flops) {
        return new Least(flops, flops / sgemm);
    }

    /** What is said of a stage; refuses one of which nothing is. */
    static <T> T at(Map<String, T> stages, String stage) {
        return Optional.ofNullable(stages.get(stage))
                .orElseThrow(() -> new IllegalArgumentException("no stage " + stage + " among " + stages.keySet()));
    }
}
