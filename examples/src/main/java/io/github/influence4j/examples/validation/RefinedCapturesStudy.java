package io.github.influence4j.examples.validation;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.iterative.Astra;
import io.github.influence4j.baselines.iterative.AstraOptions;
import io.github.influence4j.baselines.iterative.ConjugateGradient;
import io.github.influence4j.baselines.iterative.ConjugateGradientOptions;
import io.github.influence4j.baselines.iterative.HessianRootProduct;
import io.github.influence4j.baselines.retraining.RetrainedObjectives;
import io.github.influence4j.baselines.retraining.Retraining;
import io.github.influence4j.baselines.retraining.RetrainingOptions;
import io.github.influence4j.baselines.retraining.TrainingSubsets;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpTrainer;
import io.github.influence4j.models.MlpTraining;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CaptureWriter;
import io.github.influence4j.store.captures.CapturedExample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;
import org.apache.commons.math3.stat.StatUtils;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;

/**
 * What refinement from capture files is worth in every case of the study {@code validation}: correlation with the exact Gauss-Newton solution
 * of the model, and the linear datamodelling score against networks trained on halves of the data.
 */
public final class RefinedCapturesStudy {

    private static final String FACTORS = "EK-FAC";
    private static final String EXACT = "exact";

    /** Changes whenever {@link Row} does. */
    private static final int FORMAT = 1;

    /** As many iterations as {@code influence score --refine} takes. */
    private static final int ITERATIONS = 100;

    private static final ConjugateGradientOptions CG =
            ConjugateGradientOptions.defaults().withTolerance(1e-4).withMaxIterations(ITERATIONS);
    private static final AstraOptions ASTRA = AstraOptions.defaults().withIterations(ITERATIONS);
    private static final int SHARD = 256;
    private static final int REPEATS = 2;
    private static final double HALF = 0.5;
    private static final long SUBSET_SEED = 11;
    private static final long FIRST_RETRAINING_SEED = 1_001;

    private final MatrixBackend backend;
    private final int questions;
    private final int halves;
    private final Path folder;
    private final ProgressListener progress;

    /**
     * Prepares the study.
     *
     * @param backend computes, in float64
     * @param questions of each data set
     * @param halves of each data set on which networks are trained
     * @param folder receives captures, and keeps finished networks, so that a run that was killed goes on
     * @param progress is told of steps
     */
    public RefinedCapturesStudy(
            MatrixBackend backend, int questions, int halves, Path folder, ProgressListener progress) {
        this.backend = backend;
        this.questions = questions;
        this.halves = halves;
        this.folder = folder;
        this.progress = progress;
    }

    /**
     * Scores of one network at one damping, means over the questions.
     *
     * @param dataset data set and network
     * @param damping in words
     * @param seed of the network
     * @param estimator name
     * @param correlation Pearson's with the exact scores
     * @param datamodelling linear datamodelling score
     */
    public record Row(
            String dataset, String damping, long seed, String estimator, double correlation, double datamodelling) {}

    /**
     * Runs the study, or what is missing of it.
     *
     * @param seeds how many networks of each data set
     * @return a row for each network, damping and estimator
     * @throws IOException if captures cannot be written or read
     */
    public List<Row> run(int seeds) throws IOException {
        List<Row> rows = new ArrayList<>();
        for (Bed bed : List.of(Bed.DIABETES, Bed.CONCRETE, Bed.DIGITS, Bed.CONCRETE_WIDE)) {
            rows.addAll(run(bed, seeds, DampingLevel.ALL));
        }
        return rows;
    }

    List<Row> run(Bed bed, int seeds, List<DampingLevel> levels) throws IOException {
        BedSplit split = bed.split();
        ExampleSource<LabelledExample> train = ExampleSource.of(split.train());
        ExampleSource<LabelledExample> asked = ExampleSource.of(
                split.test().subList(0, Math.min(questions, split.test().size())));
        String run = questions + " questions, " + halves + " halves, " + REPEATS + " networks of each, " + levels + ", "
                + CG + ", " + ASTRA + ", " + backend.description();
        RetrainedObjectives retrained = retrained(bed, train, asked, run);
        FinishedParts<Network> finished = new FinishedParts<>(folder, run, FORMAT, Network.class);
        List<Row> rows = new ArrayList<>();
        for (long seed = 1; seed <= seeds; seed++) {
            Case one = new Case(bed, seed, levels, retrained);
            rows.addAll(finished.readOr(bed.fileName() + "-" + seed, () -> network(one, train, asked))
                    .rows());
            progress.progress(bed.title(), seed, seeds);
        }
        return rows;
    }

    /** Losses of networks that were trained on halves. */
    private RetrainedObjectives retrained(
            Bed bed, ExampleSource<LabelledExample> train, ExampleSource<LabelledExample> asked, String run)
            throws IOException {
        TrainingSubsets subsets =
                TrainingSubsets.random(LongStream.range(0, train.size()).toArray(), halves, HALF, SUBSET_SEED);
        double[][][] losses = new FinishedParts<>(folder, run, FORMAT, double[][][].class)
                .readOr(bed.fileName() + "-halves", () -> new Retraining<>(
                                new MlpTrainer(backend, bed.shape(), bed.training()),
                                RetrainingOptions.of(REPEATS).withFirstSeed(FIRST_RETRAINING_SEED))
                        .run(train, asked, subsets, ProgressListener.silent())
                        .values());
        return new RetrainedObjectives(
                subsets, LongStream.range(0, asked.size()).toArray(), losses);
    }

    private record Case(Bed bed, long seed, List<DampingLevel> levels, RetrainedObjectives retrained) {}

    /** What was found of one network. */
    private record Network(List<Row> rows) {}

    private Network network(Case one, ExampleSource<LabelledExample> train, ExampleSource<LabelledExample> asked)
            throws IOException {
        Bed bed = one.bed();
        try (Mlp start = Mlp.create(backend, bed.shape(), one.seed());
                Mlp model = MlpTraining.train(start, train, bed.training().withSeed(one.seed()))
                        .model()) {
            Path own = folder.resolve(bed.fileName() + "-" + one.seed());
            CaptureWriter.exportDraws(model, train, one.seed(), 1, TensorType.F64, SHARD, own.resolve("sampled"), true);
            export(model, train, new Objective.TrainingLoss(), own.resolve("training"));
            export(model, asked, new Objective.Measurement(), own.resolve("measurement"));
            try (CaptureSet fit = CaptureSet.open(own.resolve("sampled"));
                    CaptureSet scored = CaptureSet.open(own.resolve("training"));
                    CaptureSet queries = CaptureSet.open(own.resolve("measurement"));
                    FittedCurvature<LabelledExample> exact =
                            ExactGaussNewton.on(backend).fit(model, train)) {
                return new Network(rows(one, new Files(fit, scored, queries), (lambda) -> exact.damped(lambda)
                        .pairwise(asked, train)));
            }
        }
    }

    private record Files(CaptureSet fit, CaptureSet train, CaptureSet queries) {}

    private List<Row> rows(Case one, Files files, Function<LayerDamping, InfluenceScores> exact) {
        CaptureProvider model = CaptureProvider.of(files.fit(), files.train(), files.queries());
        List<Row> rows = new ArrayList<>();
        try (FittedCurvature<CapturedExample> ekfac = Ekfac.on(backend).fit(model, files.fit());
                HessianRootProduct<CapturedExample> product = HessianRootProduct.ofSampledLabels(
                        backend, model, new Objective.SampledLabels(FisherLabels.DEFAULT_SEED), 1);
                FittedCurvature<CapturedExample> cg = ConjugateGradient.on(backend)
                        .with(CG)
                        .preconditionedBy(ekfac.curvature())
                        .fit(product, files.fit());
                FittedCurvature<CapturedExample> astra =
                        Astra.on(backend, ekfac.curvature()).with(ASTRA).fit(product, files.fit())) {
            for (DampingLevel level : one.levels()) {
                LayerDamping lambda = ekfac.resolve(level.damping());
                InfluenceScores truth = exact.apply(lambda);
                Map<String, InfluenceScores> found = new LinkedHashMap<>();
                found.put(FACTORS, ekfac.damped(lambda).pairwise(files.queries(), files.train()));
                found.put("CG", cg.damped(lambda).pairwise(files.queries(), files.train()));
                found.put("ASTRA", astra.damped(lambda).pairwise(files.queries(), files.train()));
                found.put(EXACT, truth);
                found.forEach((name, scores) -> rows.add(new Row(
                        one.bed().title(),
                        level.inWords(),
                        one.seed(),
                        name,
                        correlation(truth, scores),
                        StatUtils.mean(one.retrained().linearDatamodellingScores(scores)))));
                progress.progress(
                        one.bed().title() + ", network " + one.seed() + ", dampings",
                        rows.size() / found.size(),
                        one.levels().size());
            }
        }
        return rows;
    }

    private static void export(Mlp model, ExampleSource<LabelledExample> data, Objective objective, Path folder)
            throws IOException {
        CaptureWriter.export(model, data, objective, TensorType.F64, SHARD, folder, true);
    }

    private static double correlation(InfluenceScores truth, InfluenceScores found) {
        double[] correlations = new double[truth.queryIds().length];
        for (int q = 0; q < correlations.length; q++) {
            correlations[q] = new PearsonsCorrelation().correlation(truth.row(q), found.row(q));
        }
        return StatUtils.mean(correlations);
    }

    /**
     * Prints means over networks with their standard errors as Markdown tables, and the gains of refinement network by network.
     *
     * @param rows what was found
     * @return a table of correlations and one of linear datamodelling scores
     */
    public static String tables(List<Row> rows) {
        return table("correlation with the exact", rows, Row::correlation, List.of())
                + "\n"
                + table("datamodelling score", rows, Row::datamodelling, List.of(EXACT));
    }

    private static String table(String what, List<Row> rows, ToDoubleFunction<Row> value, List<String> beside) {
        StringBuilder text = new StringBuilder(
                "| data set and network | damping | " + what + ": EK-FAC | CG | gain | ASTRA | gain |");
        beside.forEach(name -> text.append(" ").append(name).append(" |"));
        text.append("\n|---|---|---|---|---|---|---|").append("---|".repeat(beside.size()));
        text.append("\n");
        Map<String, List<Row>> cases = new LinkedHashMap<>();
        rows.forEach(
                row -> cases.computeIfAbsent("| " + row.dataset() + " | " + row.damping(), key -> new ArrayList<>())
                        .add(row));
        cases.forEach((name, all) -> {
            double[] before = of(FACTORS, all, value);
            List<double[]> columns = new ArrayList<>(List.of(before));
            for (String refined : List.of("CG", "ASTRA")) {
                double[] after = of(refined, all, value);
                columns.add(after);
                columns.add(less(after, before));
            }
            beside.forEach(other -> columns.add(of(other, all, value)));
            text.append(name);
            for (double[] column : columns) {
                text.append(String.format(Locale.ROOT, " | %.3f ± %.3f", StatUtils.mean(column), error(column)));
            }
            text.append(" |\n");
        });
        return text.toString();
    }

    private static double[] of(String estimator, List<Row> rows, ToDoubleFunction<Row> value) {
        return rows.stream()
                .filter(row -> row.estimator().equals(estimator))
                .mapToDouble(value)
                .toArray();
    }

    private static double[] less(double[] a, double[] b) {
        double[] difference = new double[a.length];
        Arrays.setAll(difference, k -> a[k] - b[k]);
        return difference;
    }

    /** Standard error of the mean; 0 of a single network. */
    private static double error(double[] values) {
        return values.length < 2 ? 0 : Math.sqrt(StatUtils.variance(values) / values.length);
    }
}
