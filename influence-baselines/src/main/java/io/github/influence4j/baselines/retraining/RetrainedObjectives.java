package io.github.influence4j.baselines.retraining;

import io.github.influence4j.api.InfluenceScores;
import java.util.Arrays;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/**
 * What models trained on parts of the data make of the queries.
 *
 * @param subsets the parts
 * @param queryIds ids of the queries
 * @param values the measurement, a loss as a rule, [subsets][repeats][queries]
 */
@SuppressWarnings("ArrayRecordComponent") // a table of results, never compared
public record RetrainedObjectives(TrainingSubsets subsets, long[] queryIds, double[][][] values) {

    /**
     * Averages over the models of each part.
     *
     * @return [subsets][queries]
     */
    public double[][] means() {
        double[][] means = new double[values.length][queryIds.length];
        for (int s = 0; s < values.length; s++) {
            for (double[] one : values[s]) {
                for (int q = 0; q < one.length; q++) {
                    means[s][q] += one[q] / values[s].length;
                }
            }
        }
        return means;
    }

    /**
     * Computes the linear datamodelling score of each query: Spearman's correlation over the subsets between Σ_{z∈S} score(q,
     * z), by which an additive attribution says the loss is lower, and minus the mean loss of the models that were trained on
     * S (Park et al. 2023, definition 2.3).
     *
     * @param scores of the same queries and of all examples of the training set
     * @return one correlation for each query
     * @throws IllegalArgumentException if the queries differ, or there are fewer than two subsets
     */
    public double[] linearDatamodellingScores(InfluenceScores scores) {
        if (!Arrays.equals(scores.queryIds(), queryIds)) {
            throw new IllegalArgumentException("the scores are of queries " + Arrays.toString(scores.queryIds())
                    + ", the models were asked about " + Arrays.toString(queryIds));
        }
        if (values.length < 2) {
            throw new IllegalArgumentException("a correlation over subsets needs two or more, found " + values.length);
        }
        double[][] truth = means();
        long[] trainIds = scores.trainIds();
        double[] correlations = new double[queryIds.length];
        for (int q = 0; q < correlations.length; q++) {
            double[] row = scores.row(q);
            double[] predicted = new double[values.length];
            double[] measured = new double[values.length];
            for (int s = 0; s < predicted.length; s++) {
                measured[s] = -truth[s][q];
                for (int z = 0; z < row.length; z++) {
                    predicted[s] += subsets.contains(s, trainIds[z]) ? row[z] : 0;
                }
            }
            correlations[q] = new SpearmansCorrelation().correlation(predicted, measured);
        }
        return correlations;
    }
}
