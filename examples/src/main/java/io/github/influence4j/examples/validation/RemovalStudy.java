package io.github.influence4j.examples.validation;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.retraining.Removal;
import io.github.influence4j.baselines.retraining.RemovalCurves;
import io.github.influence4j.baselines.retraining.RemovalOptions;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.MlpTrainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.apache.commons.math3.stat.StatUtils;

/**
 * Leaves out, for each of some queries, the training examples that an estimator calls most helpful, trains again without
 * them, and measures how much the query's loss rises. Random examples show what leaving out as many does by itself.
 *
 * @param queries how many of the queries
 * @param share share of the training set that is left out
 */
record RemovalStudy(int queries, double share) {

    private static final List<String> ESTIMATORS =
            List.of(EstimatorNames.DOT_PRODUCT, EstimatorNames.KFAC, EstimatorNames.EKFAC, EstimatorNames.EXACT);

    /** How many examples of a training set are left out. */
    int count(long examples) {
        return Math.toIntExact(Math.round(share * examples));
    }

    /**
     * Trains and measures.
     *
     * @param trainer trains networks again
     * @param options one count; keeps what is finished
     * @param scores scores of the estimators by their names, of a network trained on everything
     */
    List<BedResult.Removal> run(
            MlpTrainer trainer,
            RemovalOptions options,
            SeedStudy.BedSources sources,
            Map<String, InfluenceScores> scores,
            ProgressListener progress)
            throws IOException {
        Set<Long> asked = new TreeSet<>();
        LongStream.range(0, queries).forEach(asked::add);
        ExampleSource<LabelledExample> some = sources.queries().select(asked);
        int count = options.counts().get(0);
        Map<String, List<long[]>> rankings = new LinkedHashMap<>();
        for (String estimator : ESTIMATORS) {
            InfluenceScores own = scores.get(estimator);
            if (own != null) {
                rankings.put(estimator, Removal.ranked(own, count).subList(0, queries));
            }
        }
        RemovalCurves curves = new Removal<>(trainer, options).run(sources.train(), some, rankings, progress);
        List<BedResult.Removal> removals = new ArrayList<>();
        for (String chosenBy : curves.points().keySet()) {
            double[] rises = curves.point(chosenBy, count).rises();
            removals.add(new BedResult.Removal(
                    chosenBy,
                    share,
                    queries,
                    StatUtils.mean(rises),
                    Math.sqrt(StatUtils.variance(rises) / rises.length)));
        }
        return removals;
    }
}
