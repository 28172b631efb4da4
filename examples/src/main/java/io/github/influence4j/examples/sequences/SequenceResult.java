package io.github.influence4j.examples.sequences;

import io.github.influence4j.baselines.retraining.RemovalCurves;
import io.github.influence4j.baselines.retraining.RetrainedObjectives;
import io.github.influence4j.examples.corpus.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.correlation.SpearmansCorrelation;

/**
 * What the study found.
 *
 * @param kinds of the questions
 * @param halves losses of the models that were trained on halves
 * @param trainingSeconds what training those took that were not kept from before
 * @param scores by estimator, the linear datamodelling score of each question, mean over the networks
 * @param seconds by estimator, the fit and all questions
 * @param curves what removal did, if it was asked for
 */
public record SequenceResult(
        List<Kind> kinds,
        RetrainedObjectives halves,
        double trainingSeconds,
        Map<String, double[]> scores,
        Map<String, double[]> seconds,
        Optional<RemovalCurves> curves) {

    /**
     * How well the truth repeats: the rank correlation, over the halves, of a question's losses under two trainings of each half.
     *
     * @return one number for each question; NaN where there is one training only
     */
    public double[] repeatability() {
        double[] correlations = new double[kinds.size()];
        Arrays.setAll(correlations, q -> {
            if (halves.values()[0].length < 2) {
                return Double.NaN;
            }
            int question = q;
            return new SpearmansCorrelation().correlation(losses(0, question), losses(1, question));
        });
        return correlations;
    }

    private double[] losses(int repeat, int question) {
        return Arrays.stream(halves.values())
                .mapToDouble(half -> half[repeat][question])
                .toArray();
    }

    /**
     * Prints what was found as Markdown tables.
     *
     * @return the tables
     */
    public String tables() {
        double[] repeat = repeatability();
        // Spearman and Brown: how well a mean of two repeats, and the root is how well the mean can be foretold
        double mean = StatUtils.mean(repeat);
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%d questions, %d halves with %d trainings each; their losses correlate by %.3f between two trainings"
                        + " (facts %.3f, quotes %.3f, translations %.3f): the most that a mean of two can be foretold is"
                        + " some %.3f. Training took %.0f s in this run.%n%n",
                kinds.size(),
                halves.values().length,
                halves.values()[0].length,
                mean,
                StatUtils.mean(of(repeat, Kind.FACT)),
                StatUtils.mean(of(repeat, Kind.QUOTE)),
                StatUtils.mean(of(repeat, Kind.TRANSLATION)),
                Math.sqrt(2 * mean / (1 + mean)),
                trainingSeconds));
        text.append(
                "| estimator | all questions | less EK-FAC's | facts | quotes | translations | fit, s | questions, s |\n");
        text.append("|---|---|---|---|---|---|---|---|\n");
        double[] ekfac = scores.getOrDefault(SequenceEstimators.EKFAC, new double[kinds.size()]);
        scores.forEach((name, own) -> text.append(String.format(
                Locale.ROOT,
                "| %s | %s | %s | %s | %s | %s | %.1f | %.1f |%n",
                name,
                said(own),
                name.equals(SequenceEstimators.EKFAC) ? "–" : said(less(own, ekfac)),
                said(of(own, Kind.FACT)),
                said(of(own, Kind.QUOTE)),
                said(of(own, Kind.TRANSLATION)),
                seconds.getOrDefault(name, new double[2])[0],
                seconds.getOrDefault(name, new double[2])[1])));
        curves.ifPresent(found -> text.append("\n").append(found.table(SequenceEstimators.BM25)));
        return text.toString();
    }

    private double[] of(double[] values, Kind kind) {
        return IntStream.range(0, values.length)
                .filter(q -> kinds.get(q) == kind)
                .mapToDouble(q -> values[q])
                .toArray();
    }

    private static double[] less(double[] a, double[] b) {
        double[] difference = new double[a.length];
        Arrays.setAll(difference, q -> a[q] - b[q]);
        return difference;
    }

    /** Mean and its standard error over the questions. */
    private static String said(double[] values) {
        return String.format(
                Locale.ROOT,
                "%.3f ± %.3f",
                StatUtils.mean(values),
                Math.sqrt(StatUtils.variance(values) / values.length));
    }
}
