package io.github.influence4j.examples.validation;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.PerturbableModel;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.GradientDotProduct;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.retraining.RetrainedObjectives;
import io.github.influence4j.baselines.retraining.Retraining;
import io.github.influence4j.baselines.retraining.RetrainingOptions;
import io.github.influence4j.baselines.retraining.TrainingSubsets;
import io.github.influence4j.baselines.unrolled.ExactUnrolling;
import io.github.influence4j.baselines.unrolled.Source;
import io.github.influence4j.baselines.unrolled.TrainingSchedule;
import io.github.influence4j.baselines.unrolled.UnrolledRun;
import io.github.influence4j.baselines.unrolled.UpdateRule;
import io.github.influence4j.baselines.validation.ComparisonTable;
import io.github.influence4j.baselines.validation.EstimatorComparison;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.TrainingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.commons.math3.stat.StatUtils;

/**
 * What follows the training run itself, against estimators that look at its end: linear datamodelling scores where the models that
 * were trained on parts of the data differ from the run in nothing but what was left out.
 *
 * <p>Networks and training are those of the study {@code validation}.
 */
public final class UnrolledStudy {

    private static final long SUBSET_SEED = 11;

    /** As in the paper of SOURCE: three segments with two checkpoints each. */
    private static final int SEGMENTS = 3;

    private static final int CHECKPOINTS = 2;

    /** Changes whenever {@link Row} does. */
    private static final int FORMAT = 1;

    private final MatrixBackend backend;
    private final Path out;
    private final int queries;
    private final int subsets;
    private final double kept;
    private final double adamRate;
    private final ProgressListener progress;

    /**
     * Prepares the study.
     *
     * @param backend computes, in float64
     * @param out keeps finished trainings
     * @param queries questions of each data set
     * @param subsets parts of the data to train on
     * @param kept share of the examples that each of them has
     * @param adamRate learning rate of Adam, or 0 for gradient descent as in the study {@code validation}
     * @param progress is told of steps
     */
    public UnrolledStudy(
            MatrixBackend backend,
            Path out,
            int queries,
            int subsets,
            double kept,
            double adamRate,
            ProgressListener progress) {
        this.backend = backend;
        this.out = out;
        this.queries = queries;
        this.subsets = subsets;
        this.kept = kept;
        this.adamRate = adamRate;
        this.progress = progress;
    }

    /**
     * How well an estimator's sums say what training on a part of the data does.
     *
     * @param dataset data set and network
     * @param seed of the network and the order of its training
     * @param estimator name
     * @param score linear datamodelling score, mean over the questions
     * @param standardError of the mean
     * @param seconds of the fit and all questions
     */
    public record Row(
            String dataset, long seed, String estimator, double score, double standardError, double seconds) {}

    /** What was found of one network. */
    private record Network(List<Row> rows) {}

    /**
     * Runs the study, or what is missing of it.
     *
     * @param firstSeed of the networks
     * @param seeds how many networks of each data set
     * @param only keeps the data sets whose title begins with this; empty for all
     * @return one row for each network and estimator
     * @throws IOException if finished trainings cannot be kept
     * @throws IllegalArgumentException if no data set is kept
     */
    public List<Row> run(long firstSeed, int seeds, String only) throws IOException {
        List<Bed> beds = Stream.of(Bed.DIABETES, Bed.CONCRETE, Bed.DIGITS)
                .filter(bed -> bed.title().startsWith(only))
                .toList();
        if (beds.isEmpty()) {
            throw new IllegalArgumentException("no data set begins with '" + only + "'");
        }
        Files.createDirectories(out);
        FinishedParts<Network> finished = new FinishedParts<>(
                out,
                queries + " questions, " + subsets + " parts, kept " + kept + ", Adam " + adamRate + ", "
                        + backend.description(),
                FORMAT,
                Network.class);
        List<Row> rows = new ArrayList<>();
        for (Bed bed : beds) {
            for (long seed = firstSeed; seed < firstSeed + seeds; seed++) {
                long one = seed;
                rows.addAll(finished.readOr(
                                "unrolled-" + bed.fileName() + "-" + seed + "-" + kept + "-" + adamRate,
                                () -> new Network(run(bed, one)))
                        .rows());
            }
        }
        return rows;
    }

    List<Row> run(Bed bed, long seed) throws IOException {
        BedSplit split = bed.split();
        ExampleSource<LabelledExample> train = ExampleSource.of(split.train());
        ExampleSource<LabelledExample> asked = ExampleSource.of(
                split.test().subList(0, Math.min(queries, split.test().size())));
        ProgressListener named =
                (stage, done, total) -> progress.progress(bed.title() + ", " + seed + ": " + stage, done, total);
        TrainingOptions training = bed.training();
        boolean adam = adamRate > 0;
        UpdateRule rule = adam
                ? UpdateRule.adam(0.9, 0.999, 1e-8, bed.weightDecay())
                : UpdateRule.sgd(bed.momentum(), bed.weightDecay());
        double rate = adam ? adamRate : training.learningRate();
        TrainingSchedule schedule =
                TrainingSchedule.shuffled(train, training.batchSize(), training.epochs(), step -> rate, seed);
        try (Mlp start = Mlp.create(backend, bed.shape(), seed);
                UnrolledRun<LabelledExample> run =
                        ExactUnrolling.of(rule, schedule).reporting(named).fit(start, start.weights(), train);
                Mlp trained = start.at(run.offset())) {
            long[] ids = LongStream.range(0, train.size()).toArray();
            RetrainedObjectives parts = new Retraining<>(
                            run.trainer(),
                            RetrainingOptions.of(1)
                                    .withProgressFile(
                                            out.resolve("unrolled-" + (adam ? "adam-" + rate + "-" : "")
                                                    + bed.name().toLowerCase(Locale.ROOT) + "-" + seed + "-" + kept
                                                    + ".tsv"),
                                            bed.shape() + ", " + rule + ", " + training.withLearningRate(rate)
                                                    + ", start and order " + seed + ", " + backend.description()))
                    .run(train, asked, TrainingSubsets.random(ids, subsets, kept, SUBSET_SEED), named);
            return compared(bed, seed, run, trained, train, asked, parts, named);
        }
    }

    private List<Row> compared(
            Bed bed,
            long seed,
            UnrolledRun<LabelledExample> run,
            Mlp trained,
            ExampleSource<LabelledExample> train,
            ExampleSource<LabelledExample> asked,
            RetrainedObjectives parts,
            ProgressListener named) {
        List<Row> rows = new ArrayList<>();
        Checkpoints<PerturbableModel<LabelledExample>> path = run.checkpoints(SEGMENTS, CHECKPOINTS);
        Source source = Source.on(backend).withWeightDecay(bed.weightDecay());
        try (EstimatorComparison<LabelledExample> comparison = EstimatorComparison.of(asked, train)) {
            comparison.add("EK-FAC", () -> Ekfac.on(backend).fit(trained, train));
            comparison.add("K-FAC", () -> Ekfac.on(backend).with(Strategy.KFAC).fit(trained, train));
            comparison.add(
                    "exact Gauss-Newton", () -> ExactGaussNewton.on(backend).fit(trained, train));
            comparison.add(
                    "gradient dot product", () -> GradientDotProduct.on(backend).fit(trained, train));
            comparison.add("SOURCE", () -> source.fit(path, train));
            if (adamRate > 0) {
                comparison.add("SOURCE as if without Adam's factors", () -> source.fit(plain(path), train));
            }
            comparison.add("exact unrolling", () -> run);
            for (ComparisonTable.Row row : comparison.run(Damping.DEFAULT).rows()) {
                double[] scores = parts.linearDatamodellingScores(row.scores().orElseThrow());
                rows.add(new Row(
                        bed.title(),
                        seed,
                        row.estimator(),
                        StatUtils.mean(scores),
                        Math.sqrt(StatUtils.variance(scores) / scores.length),
                        (row.fitMillis() + row.perQueryMillis() * scores.length) / 1e3));
                named.progress("scoring", rows.size(), adamRate > 0 ? 7 : 6);
            }
        } finally {
            path.segments().forEach(segment -> segment.models().forEach(PerturbableModel::close));
            path.trained().close();
        }
        return rows;
    }

    private static Checkpoints<PerturbableModel<LabelledExample>> plain(
            Checkpoints<PerturbableModel<LabelledExample>> path) {
        return new Checkpoints<>(
                path.segments().stream()
                        .map(segment -> new Checkpoints.Segment<>(segment.models(), segment.learningRateSum()))
                        .toList(),
                path.trained());
    }

    /**
     * Prints rows as a Markdown table.
     *
     * @param rows what was found
     * @return the table
     */
    public static String table(List<Row> rows) {
        StringBuilder text = new StringBuilder("""
                | data set and network | seed | estimator | linear datamodelling score | fit and questions, s |
                |---|---|---|---|---|
                """);
        for (Row row : rows) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %d | %s | %.3f ± %.3f | %.1f |%n",
                    row.dataset(),
                    row.seed(),
                    row.estimator(),
                    row.score(),
                    row.standardError(),
                    row.seconds()));
        }
        return text.toString();
    }
}
