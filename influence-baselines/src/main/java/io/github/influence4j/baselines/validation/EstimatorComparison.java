package io.github.influence4j.baselines.validation;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.retraining.RetrainedObjectives;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.commons.math3.stat.StatUtils;

/**
 * Estimators of one model over one data set beside each other, all with the same damping and against the same truth.
 *
 * @param estimators what is compared; borrowed
 * @param retrained models trained on subsets, for the linear datamodelling score; empty to leave it out
 */
public record EstimatorComparison(List<Estimator> estimators, Optional<RetrainedObjectives> retrained) {

    private static final String STAGE = "comparing estimators";

    /** Copies the list. */
    public EstimatorComparison {
        estimators = List.copyOf(estimators);
    }

    /**
     * How one estimator did.
     *
     * @param estimator its name
     * @param agreement with the truth; empty where it diverged
     * @param lds linear datamodelling score, mean over the queries; empty where it was left out or the estimator diverged
     * @param fitMillis time of what is done once
     * @param perQueryMillis time of a query
     * @param heldBytes what must stay in memory from the fit to the last query
     * @param solveFlops flops of the iterations for all queries, where the solver counts them
     * @param scores the scores; empty where it diverged
     * @param failure why it diverged
     */
    public record Entry(
            String estimator,
            Optional<Agreement> agreement,
            OptionalDouble lds,
            double fitMillis,
            double perQueryMillis,
            double heldBytes,
            OptionalDouble solveFlops,
            Optional<InfluenceScores> scores,
            Optional<String> failure) {}

    /**
     * Compares.
     *
     * @param damping λ by layer, which the truth shares
     * @param truth proximal Bregman responses with the same damping
     * @param progress is told after each estimator
     * @return one entry for each estimator, in the same order
     */
    public List<Entry> run(LayerDamping damping, PbrfTruth truth, ProgressListener progress) {
        List<Entry> entries = new ArrayList<>();
        for (Estimator estimator : estimators) {
            entries.add(entry(estimator, damping, truth));
            progress.progress(STAGE, entries.size(), estimators.size());
        }
        return entries;
    }

    private Entry entry(Estimator estimator, LayerDamping damping, PbrfTruth truth) {
        Estimate estimate;
        try {
            estimate = estimator.estimate(damping);
        } catch (NumericalException e) {
            return new Entry(
                    estimator.name(),
                    Optional.empty(),
                    OptionalDouble.empty(),
                    0,
                    0,
                    0,
                    OptionalDouble.empty(),
                    Optional.empty(),
                    Optional.of(String.valueOf(e.getMessage())));
        }
        InfluenceScores scores = estimate.scores();
        OptionalDouble lds = retrained.isPresent()
                ? OptionalDouble.of(StatUtils.mean(retrained.get().linearDatamodellingScores(scores)))
                : OptionalDouble.empty();
        return new Entry(
                estimator.name(),
                Optional.of(Agreement.of(scores, truth.trainIds(), truth.changes())),
                lds,
                estimate.fitMillis(),
                estimate.perQueryMillis(),
                estimate.heldBytes(),
                estimate.solveFlops(),
                Optional.of(scores),
                Optional.empty());
    }
}
