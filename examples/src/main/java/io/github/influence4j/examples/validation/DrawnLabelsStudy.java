package io.github.influence4j.examples.validation;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.iterative.ConjugateGradient;
import io.github.influence4j.baselines.iterative.ConjugateGradientOptions;
import io.github.influence4j.baselines.iterative.HessianRootProduct;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpTraining;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;

/**
 * How near iterations over captures of drawn labels come to the exact Gauss-Newton solution of the model, by the number of draws: what
 * {@code influence score --refine} can give.
 *
 * <p>Networks, data and damping are those of the study {@code validation}.
 */
public final class DrawnLabelsStudy {

    private static final int MOST = 16;
    private static final List<Integer> DRAWS = List.of(1, 4, MOST);
    private static final int ITERATIONS = 200;

    private final MatrixBackend backend;
    private final int questions;
    private final ProgressListener progress;

    /**
     * Prepares the study.
     *
     * @param backend computes, in float64
     * @param questions of each data set
     * @param progress is told of steps
     */
    public DrawnLabelsStudy(MatrixBackend backend, int questions, ProgressListener progress) {
        this.backend = backend;
        this.questions = questions;
        this.progress = progress;
    }

    /**
     * Correlation of an estimator's scores with the exact ones.
     *
     * @param dataset data set and network
     * @param seed of the network
     * @param estimator name
     * @param correlation Pearson's, mean over the questions
     * @param lowest of a question
     */
    public record Row(String dataset, long seed, String estimator, double correlation, double lowest) {}

    /**
     * Runs the study.
     *
     * @param seeds how many networks of each data set
     * @param damping λ, relative to the mean eigenvalues of EK-FAC
     * @return one row for each network and estimator
     */
    public List<Row> run(int seeds, Damping damping) {
        List<Row> rows = new ArrayList<>();
        for (Bed bed : List.of(Bed.DIABETES, Bed.CONCRETE, Bed.DIGITS)) {
            for (long seed = 1; seed <= seeds; seed++) {
                rows.addAll(run(bed, seed, damping));
                progress.progress(bed.title(), seed, seeds);
            }
        }
        return rows;
    }

    List<Row> run(Bed bed, long seed, Damping damping) {
        BedSplit split = bed.split();
        ExampleSource<LabelledExample> train = ExampleSource.of(split.train());
        ExampleSource<LabelledExample> asked = ExampleSource.of(
                split.test().subList(0, Math.min(questions, split.test().size())));
        try (Mlp start = Mlp.create(backend, bed.shape(), seed);
                Mlp trained = MlpTraining.train(start, train, bed.training().withSeed(seed))
                        .model()) {
            return run(bed, seed, trained, train, asked, damping);
        }
    }

    private List<Row> run(
            Bed bed,
            long seed,
            Mlp model,
            ExampleSource<LabelledExample> train,
            ExampleSource<LabelledExample> asked,
            Damping damping) {
        List<Row> rows = new ArrayList<>();
        try (FittedCurvature<LabelledExample> ekfac = Ekfac.on(backend).fit(model, train);
                FittedCurvature<LabelledExample> exact =
                        ExactGaussNewton.on(backend).fit(model, train)) {
            LayerDamping lambda = ekfac.resolve(damping);
            InfluenceScores truth = exact.damped(lambda).pairwise(asked, train);
            rows.add(row(bed, seed, "EK-FAC", truth, ekfac.damped(lambda).pairwise(asked, train)));
            for (int draws : DRAWS) {
                try (HessianRootProduct<LabelledExample> product = HessianRootProduct.ofSampledLabels(
                                backend, model, new Objective.SampledLabels(seed), draws);
                        FittedCurvature<LabelledExample> refined = ConjugateGradient.on(backend)
                                .with(ConjugateGradientOptions.defaults()
                                        .withTolerance(1e-4)
                                        .withMaxIterations(ITERATIONS))
                                .preconditionedBy(ekfac.curvature())
                                .fit(product, train)) {
                    rows.add(row(
                            bed,
                            seed,
                            "refined, " + draws + (draws == 1 ? " draw" : " draws"),
                            truth,
                            refined.damped(lambda).pairwise(asked, train)));
                }
            }
        }
        return rows;
    }

    private static Row row(Bed bed, long seed, String name, InfluenceScores truth, InfluenceScores found) {
        double[][] expected = truth.matrix().toArray();
        double[][] values = found.matrix().toArray();
        double[] correlations = new double[expected.length];
        for (int q = 0; q < correlations.length; q++) {
            correlations[q] = new PearsonsCorrelation().correlation(expected[q], values[q]);
        }
        return new Row(bed.title(), seed, name, StatUtils.mean(correlations), StatUtils.min(correlations));
    }

    /**
     * Prints rows as a Markdown table.
     *
     * @param rows what was found
     * @return the table
     */
    public static String table(List<Row> rows) {
        StringBuilder text = new StringBuilder("""
                | data set and network | seed | scores | correlation with the exact | lowest of a question |
                |---|---|---|---|---|
                """);
        for (Row row : rows) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %d | %s | %.3f | %.3f |%n",
                    row.dataset(),
                    row.seed(),
                    row.estimator(),
                    row.correlation(),
                    row.lowest()));
        }
        return text.toString();
    }
}
