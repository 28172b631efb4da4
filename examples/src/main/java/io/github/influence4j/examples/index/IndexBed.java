package io.github.influence4j.examples.index;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.Seeds;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.FitRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** A language model, real text, and the factors of its tracked matrices: what the representations are compared on. */
final class IndexBed implements AutoCloseable {

    /** Most bytes that a fit holds. */
    private static final long MEMORY = 8L << 30;

    /** Sequences after which the sums of a fit are kept. */
    private static final int FIT_PART = 200;

    private final TextWindows text;
    private final PartedData<TokenSequence> train;
    private final MatrixBackend backend;
    private final Decoder model;
    private final FactorStore factors;
    private final ProgressListener progress;

    private IndexBed(
            TextWindows text,
            PartedData<TokenSequence> train,
            MatrixBackend backend,
            Decoder model,
            FactorStore factors,
            ProgressListener progress) {
        this.text = text;
        this.train = train;
        this.backend = backend;
        this.model = model;
        this.factors = factors;
        this.progress = progress;
    }

    /** Takes model and factors from a folder; makes what is not there. */
    static IndexBed of(IndexStudyOptions options, Path folder, ProgressListener progress) throws IOException {
        StudiedModel studied = StudiedModel.of(options);
        TextWindows text = studied.text(options);
        MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32);
        try {
            Decoder model = studied.decoder(options, text, folder, backend, progress);
            try {
                PartedData<TokenSequence> train = PartedData.of("windows of real text", text.train(), studied.part());
                FactorStore factors = factors(options, text, folder.resolve("factors"), model, progress);
                return new IndexBed(text, train, backend, model, factors, progress);
            } catch (IOException | RuntimeException | Error e) {
                model.close();
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) {
            backend.close();
            throw e;
        }
    }

    /** Kept part by part. */
    private static FactorStore factors(
            IndexStudyOptions options, TextWindows text, Path folder, Decoder model, ProgressListener progress)
            throws IOException {
        FitOptions fit = FitOptions.defaults()
                .withLabels(FisherLabels.sampled(options.seed()))
                .withMemoryLimit(MEMORY);
        List<TokenSequence> first = text.train().subList(0, options.fitExamples());
        PartedData<TokenSequence> data =
                PartedData.of("the first windows of real text", first, Math.min(first.size(), FIT_PART));
        return new FitRun<>(model.backend(), fit, model, data, progress).run(folder, true);
    }

    MatrixBackend backend() {
        return backend;
    }

    Decoder model() {
        return model;
    }

    ProgressListener progress() {
        return progress;
    }

    FactorStore factors() {
        return factors;
    }

    /** In parts, each of which becomes a shard of an index. */
    PartedData<TokenSequence> train() {
        return train;
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

    /** Two for each size: of whitened gradients, and of plain ones. */
    List<TwoSidedProjection> projections(IndexStudyOptions options) {
        List<TwoSidedProjection> projections = new ArrayList<>();
        for (double percent : options.percents()) {
            long bytes = Math.round(percent / 100 * Float.BYTES * parameters());
            for (boolean whitened : new boolean[] {true, false}) {
                projections.add(TwoSidedProjection.of(
                        model.layers(), bytes, whitened, Seeds.derived(options.seed(), projections.size())));
            }
        }
        return projections;
    }

    /** The scores of each projection, [questions, train]. */
    List<double[][]> scores(List<TwoSidedProjection> projections) throws IOException {
        try (Curvature curvature = factors.load(backend);
                EigenbasisSolver solver = EigenbasisCurvature.require(curvature).solver(Damping.DEFAULT)) {
            WhiteningRoots roots = new WhiteningRoots(solver);
            List<ProjectionEstimates> estimates = projections.stream()
                    .map(projection -> new ProjectionEstimates(
                            backend,
                            projection,
                            model.layers().size(),
                            text.questions().size(),
                            roots))
                    .toList();
            WhitenedPass pass = new WhitenedPass(backend, solver, estimates, progress);
            pass.ask(model, questions());
            pass.keep(model, train);
            return estimates.stream().map(ProjectionEstimates::scores).toList();
        }
    }

    /** Scores of all questions and training sequences, as they are compared. */
    InfluenceScores scores(double[][] scores) {
        return new InfluenceScores(
                LongStream.range(0, scores.length).toArray(),
                train.ids(),
                scores,
                Map.of(),
                new double[0][][],
                Provenance.here(backend.description(), backend.precision(), model.fingerprint()));
    }

    /** Mean −log p of a token of the held-out sequences that are asked about whole, in nats. */
    double heldOutLoss() {
        double sum = 0;
        long tokens = 0;
        List<TokenSequence> whole = text.questions().stream()
                .filter(sequence -> sequence.prompt() == 1)
                .toList();
        for (ExampleBatch<TokenSequence> batch : ExampleSource.of(whole).batches(TrainedLlama.BATCH)) {
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
