package io.github.influence4j.examples.index;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Activation;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.DecoderTraining;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.Naming;
import io.github.influence4j.decoder.RotaryPositions;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.decoder.TrainedDecoder;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A Llama that was trained on real text, and the factors of all its matrices: what the representations are compared on. */
final class IndexBed implements AutoCloseable {

    private static final int BATCH = 32;
    private static final int PART = 1_000;
    private static final int WIDTH_OF_A_HEAD = 16;

    private final TextWindows text;
    private final MatrixBackend backend;
    private final Decoder model;
    private final FactorStore factors;
    private final ProgressListener progress;

    private IndexBed(
            TextWindows text, MatrixBackend backend, Decoder model, FactorStore factors, ProgressListener progress) {
        this.text = text;
        this.backend = backend;
        this.model = model;
        this.factors = factors;
        this.progress = progress;
    }

    /** Takes model and factors from a folder; trains and fits what is not there. */
    static IndexBed of(IndexStudyOptions options, Path folder, ProgressListener progress) throws IOException {
        TextWindows text = TextWindows.of(options);
        MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32);
        try {
            Decoder model = model(options, text, folder.resolve("model.safetensors"), backend, progress);
            try {
                return new IndexBed(
                        text,
                        backend,
                        model,
                        factors(options, text, folder.resolve("factors"), model, progress),
                        progress);
            } catch (IOException | RuntimeException | Error e) {
                model.close();
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) {
            backend.close();
            throw e;
        }
    }

    private static Decoder model(
            IndexStudyOptions options, TextWindows text, Path file, MatrixBackend backend, ProgressListener progress)
            throws IOException {
        DecoderShape shape = DecoderShape.of(
                        text.vocabulary(),
                        TextWindows.LENGTH,
                        options.blocks(),
                        options.width(),
                        options.width() / WIDTH_OF_A_HEAD)
                .withHidden(options.width() * 11 / 4)
                .withGate(true)
                .withActivation(Activation.SILU)
                .withRotary(RotaryPositions.of(10_000, WIDTH_OF_A_HEAD))
                .withBiases(false, false, false)
                .withTied(true)
                .withNaming(Naming.LLAMA);
        ModelFile weights = new ModelFile(file, shape);
        if (!Files.exists(file)) {
            int steps = Math.max(1, options.epochs() * text.train().size() / BATCH);
            DecoderTrainingOptions training = DecoderTrainingOptions.defaults()
                    .withBatchSize(BATCH)
                    .withSteps(steps)
                    .withWarmup(Math.min(100, steps / 2))
                    .withSeed(options.seed());
            try (Decoder untrained = Decoder.create(backend, shape, options.seed());
                    TrainedDecoder trained =
                            DecoderTraining.train(untrained, ExampleSource.of(text.train()), training, progress)) {
                weights.write(trained.model());
            }
        }
        return weights.read(backend);
    }

    private static FactorStore factors(
            IndexStudyOptions options, TextWindows text, Path folder, Decoder model, ProgressListener progress)
            throws IOException {
        if (Files.exists(folder.resolve(FactorManifest.FILE))) {
            return FactorStore.open(folder);
        }
        FitOptions fit = FitOptions.defaults().withLabels(FisherLabels.sampled(options.seed()));
        try (FittedCurvature<TokenSequence> fitted =
                Ekfac.on(model.backend()).with(fit).reporting(progress).fit(model, ExampleSource.of(text.train()))) {
            return FactorStore.save(folder, fitted);
        }
    }

    MatrixBackend backend() {
        return backend;
    }

    Decoder model() {
        return model;
    }

    FactorStore factors() {
        return factors;
    }

    /** In parts of a thousand, each of which becomes a shard of an index. */
    PartedData<TokenSequence> train() {
        return PartedData.of("windows of real text", text.train(), PART);
    }

    ExampleSource<TokenSequence> questions() {
        return ExampleSource.of(text.questions());
    }

    /** Numbers of a gradient. */
    long parameters() {
        return model.layers().stream().mapToLong(LayerSpec::parameters).sum();
    }

    /** The scores that estimates are compared with, [questions, train]. */
    double[][] full() throws IOException {
        try (Curvature curvature = factors.load(backend);
                FittedCurvature<TokenSequence> fitted = FittedCurvature.of(backend, model, curvature, progress)) {
            return fitted.damped(Damping.DEFAULT)
                    .pairwise(questions(), train())
                    .matrix()
                    .toArray();
        }
    }

    /** The scores of each projection, [questions, train]. */
    double[][][] scores(List<TwoSidedProjection> projections) throws IOException {
        try (Curvature curvature = factors.load(backend);
                EigenbasisSolver solver = EigenbasisCurvature.require(curvature).solver(Damping.DEFAULT)) {
            return new ProjectionScores(backend, solver, projections, progress).of(model, questions(), train());
        }
    }

    /** Mean −log p of a token of the held-out sequences that are asked about whole, in nats. */
    double heldOutLoss() {
        double sum = 0;
        long tokens = 0;
        List<TokenSequence> whole = text.questions().stream()
                .filter(sequence -> sequence.prompt() == 1)
                .toList();
        for (ExampleBatch<TokenSequence> batch : ExampleSource.of(whole).batches(BATCH)) {
            for (double[] row : model.tokenLosses(batch)) {
                for (double loss : row) {
                    sum += loss;
                    tokens++;
                }
            }
        }
        return sum / tokens;
    }

    @Override
    public void close() {
        model.close();
        backend.close();
    }
}
