package io.github.influence4j.testkit;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.distribution.ChiSquaredDistribution;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Assertions;

/**
 * Judges sampled labels by the gradients at the outputs: p − e_ŷ for classes, normal numbers for squared error. Classes are
 * judged by Pearson's χ² summed over all positions, normal numbers by the test of Kolmogorov and Smirnov.
 */
final class LabelDistribution {

    private static final double FEWEST_EXPECTED = 5;

    private final LayerSpec layer;
    private final long[] ids;
    private final List<Prediction> predictions;
    private final List<double[][]> counts = new ArrayList<>();
    private final List<Double> normals = new ArrayList<>();
    private double worstProbability;
    private String worstPlace = "";
    private int draws;

    LabelDistribution(LayerSpec layer, long[] ids, List<Prediction> predictions) {
        this.layer = layer;
        this.ids = ids;
        this.predictions = predictions;
        for (Prediction prediction : predictions) {
            counts.add(
                    prediction instanceof Prediction.Classes classes
                            ? new double[classes.probabilities().length][layer.outputs()]
                            : new double[0][0]);
        }
    }

    /** Adds the captures of one seed. */
    void add(List<ExampleCaptures> captures) {
        draws++;
        for (int e = 0; e < captures.size(); e++) {
            double[][] gradients = captures.get(e).outputGradients();
            if (predictions.get(e) instanceof Prediction.Classes classes) {
                addClasses(e, gradients, classes.probabilities());
            } else if (predictions.get(e) instanceof Prediction.Normal normal) {
                for (double[] row : gradients) {
                    for (double g : row) {
                        normals.add(g / Math.sqrt(normal.scale()));
                    }
                }
            }
        }
    }

    private void addClasses(int e, double[][] gradients, double[][] probabilities) {
        if (gradients.length != probabilities.length) {
            Assertions.fail("layer " + layer.name() + ": example " + ids[e] + " has " + gradients.length
                    + " real positions, its prediction has " + probabilities.length);
        }
        for (int p = 0; p < gradients.length; p++) {
            if (probabilities[p].length == 0) {
                continue;
            }
            int drawn = 0;
            for (int c = 1; c < gradients[p].length; c++) {
                drawn = gradients[p][c] < gradients[p][drawn] ? c : drawn;
            }
            counts.get(e)[p][drawn]++;
            for (int c = 0; c < gradients[p].length; c++) {
                double expected = probabilities[p][c] - (c == drawn ? 1 : 0);
                double difference = Math.abs(expected - gradients[p][c]);
                if (!(difference <= worstProbability)) {
                    worstProbability = difference;
                    worstPlace = "example " + ids[e] + ", position " + p + ", class " + c + ": expected "
                            + (float) expected + ", found " + (float) gradients[p][c];
                }
            }
        }
    }

    /** Fails if the draws do not follow the predictions. */
    void check(Precision precision) {
        double tolerance =
                precision == Precision.FLOAT64 ? Tolerances.CONTRACT_BATCH_FLOAT64 : Tolerances.CONTRACT_BATCH_FLOAT32;
        Assertions.assertTrue(
                worstProbability <= tolerance,
                () -> "layer " + layer.name()
                        + ": with sampled labels the gradient at the outputs must be p - e_y, the "
                        + "model's probabilities less 1 at the drawn class (" + worstPlace
                        + "): is the loss averaged, or is this not the layer before the softmax?");
        if (!normals.isEmpty()) {
            checkNormals();
        }
        checkClasses();
    }

    private void checkNormals() {
        double[] sample = normals.stream().mapToDouble(Double::doubleValue).toArray();
        double variance = 0;
        for (double g : sample) {
            variance += g * g / sample.length;
        }
        double found = variance;
        double p = new KolmogorovSmirnovTest().kolmogorovSmirnovTest(new NormalDistribution(0, 1), sample);
        Assertions.assertTrue(
                p > Tolerances.P_VALUE,
                () -> "layer " + layer.name()
                        + ": with sampled labels the gradients at the outputs must be normal with "
                        + "variance 1 x the scale of the loss; found variance " + (float) found + ", p-value "
                        + (float) p + ": draw the errors by SampledLabels.gaussian");
    }

    private void checkClasses() {
        double statistic = 0;
        int degrees = 0;
        double worst = 0;
        String where = "";
        for (int e = 0; e < counts.size(); e++) {
            if (!(predictions.get(e) instanceof Prediction.Classes classes)) {
                continue;
            }
            for (int position = 0; position < counts.get(e).length; position++) {
                double[] p = classes.probabilities()[position];
                double rareExpected = 0;
                double rareFound = 0;
                int cells = 0;
                for (int c = 0; c < p.length; c++) {
                    double expected = draws * p[c];
                    double found = counts.get(e)[position][c];
                    if (expected < FEWEST_EXPECTED) {
                        rareExpected += expected;
                        rareFound += found;
                        continue;
                    }
                    double term = (found - expected) * (found - expected) / expected;
                    statistic += term;
                    cells++;
                    if (term > worst) {
                        worst = term;
                        where = "class " + c + " at position " + position + " of example " + ids[e]
                                + " has probability " + (float) p[c] + " and was drawn in " + (float) (found / draws)
                                + " of all draws";
                    }
                }
                if (rareExpected >= 1) {
                    statistic += (rareFound - rareExpected) * (rareFound - rareExpected) / rareExpected;
                    cells++;
                }
                degrees += Math.max(0, cells - 1);
            }
        }
        if (degrees > 0) {
            double p = 1 - new ChiSquaredDistribution(degrees).cumulativeProbability(statistic);
            String most = where;
            Assertions.assertTrue(
                    p > Tolerances.P_VALUE,
                    () -> "layer " + layer.name()
                            + ": sampled labels do not follow the model's probabilities (chi-square p-value "
                            + (float) p + "): " + most
                            + "; draw them by SampledLabels.category from the softmax of the outputs");
        }
    }
}
