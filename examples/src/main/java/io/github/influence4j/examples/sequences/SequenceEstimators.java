package io.github.influence4j.examples.sequences;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.FittedEstimator;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.GradientDotProduct;
import io.github.influence4j.baselines.iterative.Astra;
import io.github.influence4j.baselines.iterative.AstraOptions;
import io.github.influence4j.baselines.iterative.ConjugateGradient;
import io.github.influence4j.baselines.iterative.ConjugateGradientOptions;
import io.github.influence4j.baselines.unrolled.Source;
import io.github.influence4j.baselines.validation.Estimate;
import io.github.influence4j.baselines.validation.FittedOnce;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.examples.stages.Stages;
import io.github.influence4j.index.GradientIndex;
import io.github.influence4j.index.IndexBuild;
import io.github.influence4j.index.IndexOptions;
import io.github.influence4j.index.IndexScoring;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Scores of every estimator for one network; what was scored before is not scored again, and trains nothing. */
final class SequenceEstimators implements AutoCloseable {

    static final String DOT = "dot product";
    static final String EKFAC = "EK-FAC";
    static final String KFAC = "K-FAC";
    static final String DIAGONAL = "diagonal";
    static final String BASIS = "gradient basis";
    static final String ASTRA = "EK-FAC + ASTRA";
    static final String CG = "CG";
    static final String SOURCE = "SOURCE";
    static final String BM25 = "BM25";
    static final String SIGNS = "index, signs of ";
    static final String COORDINATES = "index, coordinates of ";

    /** What K-FAC's eigenvalues are of where nothing is said: EK-FAC's scale is that of examples. */
    private static final String PER_POSITION = ", eigenvalues of positions";

    private static final FitOptions SCALED =
            FitOptions.defaults().withStrategy(Strategy.KFAC).withKfacScale(FitOptions.KfacScale.PER_EXAMPLE);

    private static final double[] OTHER_DAMPINGS = {0.01, 1};
    /** Bytes of a gradient in float32. */
    private static final double[] SIGN_PERCENTS = {0.25, 1, 3};

    private static final double[] COORDINATE_PERCENTS = {1, 5};

    private static final AstraOptions STEPS =
            AstraOptions.defaults().withIterations(60).withBatchSize(64);
    private static final ConjugateGradientOptions ITERATIONS =
            ConjugateGradientOptions.defaults().withTolerance(1e-2).withMaxIterations(12);

    private final SequenceBed bed;
    private final SequenceTrainer trainer;
    private final MatrixBackend backend;
    private final long seed;
    private final Path folder;
    private final Stages stages;
    private final ProgressListener progress;
    private @Nullable Checkpoints<Decoder> run;
    private @Nullable FittedCurvature<TokenSequence> ekfac;

    /**
     * What an estimator said.
     *
     * @param scores [questions, train]
     * @param fitSeconds what is done once
     * @param querySeconds all questions together
     */
    record Scored(double[][] scores, double fitSeconds, double querySeconds) {}

    SequenceEstimators(
            SequenceBed bed,
            SequenceTrainer trainer,
            long seed,
            Path folder,
            Stages stages,
            ProgressListener progress) {
        this.bed = bed;
        this.trainer = trainer;
        this.backend = trainer.backend();
        this.seed = seed;
        this.folder = folder;
        this.stages = stages;
        this.progress = (stage, done, total) -> progress.progress("network " + seed + ": " + stage, done, total);
    }

    /** By name. */
    Map<String, Scored> all() {
        Map<String, Scored> found = new LinkedHashMap<>();
        fitted(found, DOT, () -> GradientDotProduct.on(backend).fit(model(), bed.train()));
        fitted(found, DIAGONAL, () -> Ekfac.on(backend).with(Strategy.DIAGONAL).fit(model(), bed.train()));
        fitted(found, KFAC, () -> Ekfac.on(backend).with(SCALED).fit(model(), bed.train()));
        fitted(found, KFAC + PER_POSITION, () -> Ekfac.on(backend)
                .with(Strategy.KFAC)
                .fit(model(), bed.train()));
        fitted(found, EKFAC, () -> Ekfac.on(backend).fit(model(), bed.train()));
        fitted(found, BASIS, () -> Ekfac.on(backend)
                .with(Strategy.GRADIENT_BASIS)
                .fit(model(), bed.train()));
        fitted(found, SOURCE, () -> Source.on(backend)
                .withWeightDecay(trainer.weightDecay())
                .reporting(progress)
                .fit(run(), bed.train()));
        for (double percent : SIGN_PERCENTS) {
            IndexOptions size = IndexOptions.defaults().withPercent(percent);
            stage(found, SIGNS + percent + " %", () -> index("signs-" + percent, size, IndexScoring::bySigns));
        }
        for (double percent : COORDINATE_PERCENTS) {
            IndexOptions size =
                    IndexOptions.defaults().withCoordinatesPercent(percent).withoutSigns();
            stage(
                    found,
                    COORDINATES + percent + " %",
                    () -> index("coordinates-" + percent, size, IndexScoring::byCoordinates));
        }
        fitted(found, ASTRA, () -> Astra.on(backend, ekfac().curvature())
                .with(STEPS)
                .reporting(progress)
                .fit(model(), bed.train()));
        fitted(found, CG, () -> ConjugateGradient.on(backend)
                .with(ITERATIONS)
                .preconditionedBy(ekfac().curvature())
                .reporting(progress)
                .fit(model(), bed.train()));
        for (double damping : OTHER_DAMPINGS) {
            String suffix = ", damping " + damping;
            fitted(found, KFAC + suffix, damping, () -> Ekfac.on(backend)
                    .with(SCALED)
                    .fit(model(), bed.train()));
            fitted(found, EKFAC + suffix, damping, () -> Ekfac.on(backend).fit(model(), bed.train()));
        }
        stage(found, BM25, () -> {
            long start = System.nanoTime();
            double[][] scores = bed.wordSearch();
            return new Scored(scores, 0, seconds(start));
        });
        return found;
    }

    private void stage(Map<String, Scored> found, String name, Supplier<Scored> work) {
        String file = name.toLowerCase(java.util.Locale.ROOT).replaceAll("[^a-z0-9.]+", "-") + "-" + seed;
        found.put(name, stages.of(file, Scored.class, work));
    }

    private void fitted(
            Map<String, Scored> found, String name, Supplier<? extends FittedEstimator<TokenSequence>> fit) {
        fitted(found, name, Damping.DEFAULT.value(), fit);
    }

    /** The damping is relative to EK-FAC's mean eigenvalue of each layer, for all estimators. */
    private void fitted(
            Map<String, Scored> found,
            String name,
            double damping,
            Supplier<? extends FittedEstimator<TokenSequence>> fit) {
        stage(found, name, () -> {
            model(); // trained before the clock of the fit starts
            ExampleSource<TokenSequence> train = bed.train();
            LayerDamping lambda = ekfac().resolve(Damping.relative(damping));
            progress.progress(name, 0, 1);
            try (FittedOnce<TokenSequence, FittedEstimator<TokenSequence>> estimator =
                    new FittedOnce<>(name, fit, bed.questions(), train)) {
                Estimate estimate = estimator.estimate(lambda);
                return new Scored(
                        estimate.scores().matrix().toArray(),
                        estimate.fitMillis() / 1e3,
                        estimate.perQueryMillis() * estimate.scores().queryIds().length / 1e3);
            }
        });
    }

    private Checkpoints<Decoder> run() {
        Checkpoints<Decoder> made = run;
        if (made == null) {
            made = trainer.run(bed.train(), seed, progress);
            run = made;
        }
        return made;
    }

    private Decoder model() {
        return run().trained();
    }

    private FittedCurvature<TokenSequence> ekfac() {
        FittedCurvature<TokenSequence> made = ekfac;
        if (made == null) {
            made = Ekfac.on(backend).fit(model(), bed.train());
            ekfac = made;
        }
        return made;
    }

    /** Estimates in place of scores, with the damping that all others have. */
    private Scored index(String name, IndexOptions size, UnaryOperator<IndexScoring<TokenSequence>> section) {
        try {
            Path factors = folder.resolve("factors-" + seed);
            Path index = folder.resolve("index-" + seed + "-" + name);
            if (!Files.exists(factors)) {
                FactorStore.save(factors, ekfac());
            }
            long start = System.nanoTime();
            FactorStore store = FactorStore.open(factors);
            IndexBuild.of(backend, store, model(), Damping.DEFAULT, size, progress)
                    .write(index, bed.train(), true);
            double built = seconds(start);
            start = System.nanoTime();
            try (GradientIndex opened = GradientIndex.open(index);
                    IndexScoring<TokenSequence> scoring = opened.scoring(backend, store, model(), progress)) {
                InfluenceScores estimates = section.apply(scoring).pairwise(bed.questions());
                return new Scored(estimates.matrix().toArray(), built, seconds(start));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("index of " + name, e);
        }
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    @Override
    public void close() {
        if (ekfac != null) {
            ekfac.close();
        }
        Checkpoints<Decoder> made = run;
        if (made != null) {
            made.segments().forEach(segment -> segment.models().forEach(Decoder::close));
            made.trained().close();
        }
    }
}
