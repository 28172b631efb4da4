package io.github.influence4j.examples.validation;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.exact.ExactGaussNewton;
import io.github.influence4j.baselines.exact.ExactOptions;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.DecoderTraining;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.decoder.TrainedDecoder;
import io.github.influence4j.ekfac.CurvatureScoring;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.models.MlpTrainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.apache.commons.math3.stat.StatUtils;

/**
 * How far K-FAC and EK-FAC are from the exact blocks that both approximate, over widths, positions of an example, examples a parameter,
 * dampings, the scale of K-FAC's eigenvalues, and labels that are drawn: where the correction of the eigenvalues helps.
 */
public final class BlockDistanceStudy {

    /** Changes whenever {@link Row} does. */
    private static final int FORMAT = 2;

    private static final double[] DAMPINGS = {0.01, 0.1, 1};
    private static final int QUESTIONS = 20;
    private static final int VOCABULARY = 8;
    private static final int HEADS = 2;
    private static final int STEPS = 300;

    private static final String KFAC = "K-FAC";
    private static final String SCALED = "K-FAC, by example";
    private static final String EKFAC = "EK-FAC";
    private static final String APART = "EK-FAC, by position";
    private static final String BASIS = "gradient basis";

    private final MatrixBackend backend;
    private final Path out;
    private final ProgressListener progress;

    /**
     * Prepares the study.
     *
     * @param backend computes, in float64
     * @param out keeps finished networks
     * @param progress is told of steps
     */
    public BlockDistanceStudy(MatrixBackend backend, Path out, ProgressListener progress) {
        this.backend = backend;
        this.out = out;
        this.progress = progress;
    }

    /**
     * A network with its training set.
     *
     * @param host data set
     * @param width of its hidden layers
     * @param positions of an example
     * @param examples of the training set
     */
    record Case(String host, int width, int positions, int examples) {
        String fileName() {
            return host + "-" + width + "-" + positions + "-" + examples;
        }
    }

    /**
     * Distances from the exact blocks.
     *
     * @param host data set
     * @param width of hidden layers
     * @param positions of an example
     * @param examples of the training set
     * @param parameters that are tracked
     * @param seed of the network
     * @param damping relative to each layer's mean eigenvalue
     * @param estimator name
     * @param exactLabels whether the output Hessian is exact, or one label a position is drawn
     * @param pearson correlation of scores
     * @param error of scores, relative
     * @param slope of scores
     * @param randomError of solutions for random vectors, relative
     */
    public record Row(
            String host,
            int width,
            int positions,
            int examples,
            long parameters,
            long seed,
            double damping,
            String estimator,
            boolean exactLabels,
            double pearson,
            double error,
            double slope,
            double randomError) {}

    private record Network(List<Row> rows) {}

    /** From the cheapest; widths, examples and positions are changed one at a time. */
    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (int width : new int[] {16, 64, 128}) {
            cases.add(new Case("concrete", width, 1, 700));
        }
        cases.add(new Case("concrete", 64, 1, 100));
        for (int width : new int[] {16, 64}) {
            cases.add(new Case("digits", width, 1, 1000));
        }
        cases.add(new Case("digits", 64, 1, 200));
        for (int positions : new int[] {1, 4, 16}) {
            cases.add(new Case("transformer", 16, positions, 400));
        }
        cases.add(new Case("transformer", 16, 16, 100));
        cases.add(new Case("transformer", 32, 4, 400));
        // of one block each output has a gradient at one position only: positions are apart already
        cases.add(new Case("two blocks", 16, 4, 400));
        cases.add(new Case("two blocks", 16, 16, 200));
        return cases;
    }

    /**
     * Runs the study, or what is missing of it.
     *
     * @param seeds networks of each case
     * @return one row for each network, damping and estimator
     * @throws IOException if finished networks cannot be kept
     */
    public List<Row> run(int seeds) throws IOException {
        return run(cases(), seeds);
    }

    List<Row> run(List<Case> cases, int seeds) throws IOException {
        FinishedParts<Network> finished =
                new FinishedParts<>(out, "distances to exact blocks, " + backend.description(), FORMAT, Network.class);
        List<Row> rows = new ArrayList<>();
        for (Case one : cases) {
            for (long seed = 1; seed <= seeds; seed++) {
                long own = seed;
                progress.progress("blocks of " + one.fileName(), seed, seeds);
                rows.addAll(
                        finished.readOr("blocks-" + one.fileName() + "-" + seed, () -> new Network(network(one, own)))
                                .rows());
            }
        }
        return rows;
    }

    private List<Row> network(Case one, long seed) {
        return switch (one.host()) {
            case "concrete" -> perceptron(Bed.CONCRETE, one, seed);
            case "digits" -> perceptron(Bed.DIGITS, one, seed);
            case "two blocks" -> transformer(one, 2, seed);
            default -> transformer(one, 1, seed);
        };
    }

    private List<Row> perceptron(Bed bed, Case one, long seed) {
        List<Integer> sizes = bed.shape().sizes();
        MlpShape shape = MlpShape.of(
                bed.shape().activation(),
                bed.shape().loss(),
                sizes.get(0),
                one.width(),
                one.width(),
                sizes.get(sizes.size() - 1));
        BedSplit split = bed.split();
        ExampleSource<LabelledExample> train = ExampleSource.of(
                split.train().subList(0, Math.min(one.examples(), split.train().size())));
        ExampleSource<LabelledExample> asked = ExampleSource.of(split.test().subList(0, QUESTIONS));
        try (Mlp model = new MlpTrainer(backend, shape, bed.training()).train(train, seed)) {
            return compared(one, seed, model, train, asked);
        }
    }

    private List<Row> transformer(Case one, int blocks, long seed) {
        MarkovSequences language = new MarkovSequences(VOCABULARY, 1);
        ExampleSource<TokenSequence> train = ExampleSource.of(language.draw(one.examples(), one.positions(), 2));
        ExampleSource<TokenSequence> asked = ExampleSource.of(language.draw(QUESTIONS, one.positions(), 3));
        DecoderShape shape = DecoderShape.of(VOCABULARY, one.positions() + 1, blocks, one.width(), HEADS);
        DecoderTrainingOptions training = DecoderTrainingOptions.defaults()
                .withBatchSize(32)
                .withSteps(STEPS)
                .withWarmup(STEPS / 10)
                .withSeed(seed);
        try (Decoder start = Decoder.create(backend, shape, seed);
                TrainedDecoder trained = DecoderTraining.train(start, train, training)) {
            return compared(one, seed, trained.model(), train, asked);
        }
    }

    private <E> List<Row> compared(
            Case one, long seed, OutputHessianRoots<E> model, ExampleSource<E> train, ExampleSource<E> asked) {
        FitOptions scaled =
                FitOptions.defaults().withStrategy(Strategy.KFAC).withKfacScale(FitOptions.KfacScale.PER_EXAMPLE);
        Map<String, FitOptions> options = new LinkedHashMap<>();
        options.put(KFAC, scaled.withKfacScale(FitOptions.KfacScale.PER_POSITION));
        options.put(SCALED, scaled);
        options.put(EKFAC, FitOptions.defaults());
        options.put(BASIS, FitOptions.defaults().withStrategy(Strategy.GRADIENT_BASIS));
        long parameters =
                model.layers().stream().mapToLong(LayerSpec::parameters).sum();
        List<Row> rows = new ArrayList<>();
        try (FittedCurvature<E> blocks = ExactGaussNewton.on(backend)
                        .with(ExactOptions.defaults().withScope(ExactOptions.Scope.PER_LAYER))
                        .fit(model, train);
                FittedCurvature<E> reference = Ekfac.on(backend).fitExactly(model, train)) {
            for (boolean exact : new boolean[] {true, false}) {
                for (Map.Entry<String, FitOptions> estimator : options.entrySet()) {
                    Ekfac fit = Ekfac.on(backend).with(estimator.getValue());
                    try (FittedCurvature<E> fitted = exact ? fit.fitExactly(model, train) : fit.fit(model, train)) {
                        rows.addAll(compared(
                                one,
                                seed,
                                parameters,
                                estimator.getKey(),
                                exact,
                                fitted,
                                reference,
                                blocks,
                                train,
                                asked));
                    }
                }
            }
            if (one.positions() > 1) {
                try (FittedCurvature<PositionsApart.Position<E>> apart = Ekfac.on(backend)
                                .fitExactly(new PositionsApart<>(model), PositionsApart.of(train, one.positions()));
                        FittedCurvature<E> fitted =
                                FittedCurvature.of(backend, model, apart.curvature(), ProgressListener.silent())) {
                    rows.addAll(compared(one, seed, parameters, APART, true, fitted, reference, blocks, train, asked));
                }
            }
        }
        return rows;
    }

    private static <E> List<Row> compared(
            Case one,
            long seed,
            long parameters,
            String estimator,
            boolean exact,
            FittedCurvature<E> fitted,
            FittedCurvature<E> reference,
            FittedCurvature<E> blocks,
            ExampleSource<E> train,
            ExampleSource<E> asked) {
        List<Row> rows = new ArrayList<>();
        for (double damping : DAMPINGS) {
            LayerDamping lambda = reference.resolve(Damping.relative(damping));
            CurvatureScoring<E> own = fitted.damped(lambda);
            CurvatureScoring<E> block = blocks.damped(lambda);
            BlockDistance distance = BlockDistance.between(
                    own.pairwise(asked, train), own.solver(), block.pairwise(asked, train), block.solver());
            rows.add(new Row(
                    one.host(),
                    one.width(),
                    one.positions(),
                    Math.toIntExact(train.size()),
                    parameters,
                    seed,
                    damping,
                    estimator,
                    exact,
                    distance.pearson(),
                    distance.error(),
                    distance.slope(),
                    distance.randomError()));
        }
        return rows;
    }

    /**
     * Prints means over the networks as Markdown: of correlations with the exact blocks' scores, and of errors for random vectors.
     *
     * @param rows what was found
     * @return two tables
     */
    public static String tables(List<Row> rows) {
        return table("correlation of scores", rows, Row::pearson)
                + "\n"
                + table("relative error of scores", rows, Row::error)
                + "\n"
                + table("relative error for random vectors", rows, Row::randomError);
    }

    private static String table(String what, List<Row> rows, ToDoubleFunction<Row> value) {
        StringBuilder text =
                new StringBuilder("| " + what + " | width | positions | examples | a parameter | damping |");
        List<String> names = List.of(KFAC, SCALED, EKFAC, APART, BASIS);
        names.forEach(name -> text.append(" ").append(name).append(" |"));
        List.of(SCALED, EKFAC).forEach(name -> text.append(" ").append(name).append(", drawn |"));
        text.append(" EK-FAC less K-FAC by example |\n|---|---|---|---|---|---|")
                .append("---|".repeat(names.size() + 3));
        text.append("\n");
        Map<String, List<Row>> cases = new LinkedHashMap<>();
        rows.forEach(row -> cases.computeIfAbsent(
                        String.format(
                                Locale.ROOT,
                                "| %s | %d | %d | %d | %.2f | %s |",
                                row.host(),
                                row.width(),
                                row.positions(),
                                row.examples(),
                                row.examples() / (double) row.parameters(),
                                row.damping()),
                        key -> new ArrayList<>())
                .add(row));
        cases.forEach((name, all) -> {
            text.append(name);
            names.forEach(estimator -> text.append(said(of(all, estimator, true, value))));
            List.of(SCALED, EKFAC).forEach(estimator -> text.append(said(of(all, estimator, false, value))));
            double[] difference = of(all, EKFAC, true, value);
            double[] kfac = of(all, SCALED, true, value);
            for (int k = 0; k < difference.length; k++) {
                difference[k] -= kfac[k];
            }
            text.append(String.format(
                    Locale.ROOT,
                    " %+.3f ± %.3f |%n",
                    StatUtils.mean(difference),
                    difference.length < 2 ? 0 : Math.sqrt(StatUtils.variance(difference) / difference.length)));
        });
        return text.toString();
    }

    private static String said(double[] values) {
        if (values.length == 0) {
            return " – |";
        }
        return String.format(Locale.ROOT, " %.3f |", StatUtils.mean(values));
    }

    private static double[] of(List<Row> rows, String estimator, boolean exact, ToDoubleFunction<Row> value) {
        return rows.stream()
                .filter(row -> row.estimator().equals(estimator) && row.exactLabels() == exact)
                .mapToDouble(value)
                .toArray();
    }
}
