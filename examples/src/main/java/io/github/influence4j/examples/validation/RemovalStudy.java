package io.github.influence4j.examples.validation;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.retraining.Retraining;
import io.github.influence4j.baselines.retraining.TrainingSubsets;
import io.github.influence4j.models.LabelledExample;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.commons.math3.stat.descriptive.SummaryStatistics;

/**
 * Leaves out, for each of some queries, the training examples that an estimator calls most helpful, trains again without
 * them, and measures how much the query's loss rises. Random examples show what leaving out as many does by itself.
 *
 * @param queries how many of the queries
 * @param share share of the training set that is left out
 */
record RemovalStudy(int queries, double share) {

    private static final String RANDOM = "random examples";
    private static final int RANDOM_GROUPS = 3;
    private static final long RANDOM_SEED = 17;
    private static final List<String> ESTIMATORS =
            List.of(EstimatorNames.DOT_PRODUCT, EstimatorNames.KFAC, EstimatorNames.EKFAC, EstimatorNames.EXACT);

    /**
     * Trains and measures.
     *
     * @param retraining trains and keeps what is finished
     * @param scores scores of the estimators by their names, of a network trained on everything
     */
    List<BedResult.Removal> run(
            Retraining<LabelledExample> retraining,
            SeedStudy.BedSources sources,
            Map<String, InfluenceScores> scores,
            ProgressListener progress)
            throws IOException {
        long[] ids = LongStream.range(0, sources.train().size()).toArray();
        int count = Math.toIntExact(Math.round(share * ids.length));
        List<Set<Long>> groups = new ArrayList<>();
        groups.add(Set.of());
        List<Long> order = new ArrayList<>(LongStream.of(ids).boxed().toList());
        Random random = new Random(RANDOM_SEED);
        for (int g = 0; g < RANDOM_GROUPS; g++) {
            Collections.shuffle(order, random);
            groups.add(Set.copyOf(order.subList(0, count)));
        }
        List<String> shown = ESTIMATORS.stream().filter(scores::containsKey).toList();
        for (String estimator : shown) {
            for (int q = 0; q < queries; q++) {
                Set<Long> helpful = new HashSet<>();
                for (Influence influence :
                        Objects.requireNonNull(scores.get(estimator)).topK(q, count)) {
                    helpful.add(influence.trainId());
                }
                groups.add(helpful);
            }
        }
        double[][] losses = retraining
                .run(sources.train(), sources.queries(), TrainingSubsets.leavingOut(ids, groups), progress)
                .means();
        List<BedResult.Removal> removals = new ArrayList<>();
        SummaryStatistics byChance = new SummaryStatistics();
        for (int q = 0; q < queries; q++) {
            double sum = 0;
            for (int g = 1; g <= RANDOM_GROUPS; g++) {
                sum += losses[g][q] - losses[0][q];
            }
            byChance.addValue(sum / RANDOM_GROUPS);
        }
        removals.add(removal(RANDOM, byChance));
        for (int e = 0; e < shown.size(); e++) {
            SummaryStatistics rise = new SummaryStatistics();
            for (int q = 0; q < queries; q++) {
                rise.addValue(losses[1 + RANDOM_GROUPS + e * queries + q][q] - losses[0][q]);
            }
            removals.add(removal(shown.get(e), rise));
        }
        return removals;
    }

    private BedResult.Removal removal(String chosenBy, SummaryStatistics rise) {
        return new BedResult.Removal(
                chosenBy, share, queries, rise.getMean(), rise.getStandardDeviation() / Math.sqrt(rise.getN()));
    }
}
