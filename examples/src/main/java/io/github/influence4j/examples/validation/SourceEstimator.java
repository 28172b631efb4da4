package io.github.influence4j.examples.validation;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.baselines.unrolled.Source;
import io.github.influence4j.baselines.unrolled.UnrolledTraining;
import io.github.influence4j.baselines.validation.Estimate;
import io.github.influence4j.baselines.validation.Estimator;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.MlpCheckpoints;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** SOURCE over a training run. Its damping is that of training, so all dampings get the same scores, computed once. */
final class SourceEstimator implements Estimator {

    private static final double NANOS_PER_MILLI = 1e6;

    private final MatrixBackend backend;
    private final MlpCheckpoints run;
    private final double weightDecay;
    private final ExampleSource<LabelledExample> train;
    private final ExampleSource<LabelledExample> queries;
    private @Nullable Estimate estimate;

    SourceEstimator(
            MatrixBackend backend,
            MlpCheckpoints run,
            double weightDecay,
            ExampleSource<LabelledExample> train,
            ExampleSource<LabelledExample> queries) {
        this.backend = backend;
        this.run = run;
        this.weightDecay = weightDecay;
        this.train = train;
        this.queries = queries;
    }

    @Override
    public String name() {
        return EstimatorNames.SOURCE;
    }

    @Override
    public Estimate estimate(LayerDamping damping) {
        Estimate made = estimate;
        if (made == null) {
            made = make();
            estimate = made;
        }
        return made;
    }

    private Estimate make() {
        long start = System.nanoTime();
        try (UnrolledTraining<LabelledExample> unrolled =
                Source.on(backend).withWeightDecay(weightDecay).fit(run.checkpoints(), train)) {
            long fitted = System.nanoTime();
            InfluenceScores scores = unrolled.damped(Damping.DEFAULT).pairwise(queries, train);
            return new Estimate(
                    scores,
                    (fitted - start) / NANOS_PER_MILLI,
                    (System.nanoTime() - fitted) / NANOS_PER_MILLI,
                    unrolled.damped(Damping.DEFAULT)
                            .heldBytes(scores.queryIds().length)
                            .orElse(0),
                    OptionalDouble.empty());
        }
    }

    @Override
    public void close() {}
}
