package io.github.influence4j.cli;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.baselines.iterative.IterativeSolver;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.ScoreRun;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreReader;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that both kinds of scores share. */
final class Scoring {

    @Mixin
    private final Batches batches = new Batches();

    @Mixin
    private final Only only = new Only();

    @Mixin
    private final Computing computing = new Computing();

    @Option(names = "--factors", required = true, paramLabel = "DIR", description = "what influence fit wrote")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path factors;

    @Option(
            names = "--train",
            required = true,
            paramLabel = "PATH",
            description = "captures of the training loss; with --model lines of JSON")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path train;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the scores")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(
            names = "--damping",
            converter = DampingConverter.class,
            paramLabel = "LAMBDA",
            description = "0.1x for a tenth of each layer's mean eigenvalue, or 1e-3 for that number (default: 0.1x)")
    private Damping damping = Damping.relative(0.1);

    @Option(names = "--format", description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE})")
    private ScoreFormat format = ScoreFormat.SAFETENSORS;

    @Option(names = "--resume", description = "take up the unfinished run that DIR holds; begin one if there is none")
    private boolean resume;

    @Mixin
    private final LanguageModel model = new LanguageModel();

    /** Scores, given all that both kinds need. */
    interface Work {
        <E> Provenance run(ScoreRun<E> run, Questions<E> questions, ScoreWriter writer, boolean resume)
                throws IOException;
    }

    /** Opens what is asked about. */
    interface Questions<E> {
        <T> T with(Path path, Use<E, T> use) throws IOException;
    }

    /** Uses what is asked about while it is open. */
    interface Use<E, T> {
        T use(PartedData<E> queries) throws IOException;
    }

    /** Opens what is needed, works, and says what came of it. */
    Map<String, Object> run(Output output, ScoreOptions options, ProgressListener progress, Work work)
            throws IOException {
        FactorStore store = FactorStore.open(factors);
        Precision working = computing.precisionOr(store.manifest().provenance().precision());
        try (MatrixBackend started = computing.start(output, working)) {
            return model.isGiven()
                    ? ofModel(store, started, options, progress, work)
                    : ofCaptures(store, started, options, progress, work);
        }
    }

    private Map<String, Object> ofCaptures(
            FactorStore store, MatrixBackend started, ScoreOptions options, ProgressListener progress, Work work)
            throws IOException {
        try (CaptureSet set = CaptureSet.open(train)) {
            ScoreRun<CapturedExample> run =
                    only(ScoreRun.of(started, store, damping, batches.bound(options), set, progress));
            Questions<CapturedExample> questions = new Questions<>() {
                @Override
                public <T> T with(Path path, Use<CapturedExample, T> use) throws IOException {
                    try (CaptureSet asked = CaptureSet.open(path)) {
                        return use.use(asked);
                    }
                }
            };
            return result(work.run(run, questions, new ScoreWriter(out, format), resume), started);
        }
    }

    private Map<String, Object> ofModel(
            FactorStore store, MatrixBackend started, ScoreOptions options, ProgressListener progress, Work work)
            throws IOException {
        try (LanguageModel.Open opened = model.open();
                TextData text = opened.training(train, Integer.MAX_VALUE);
                Decoder decoder = opened.decoder(started, store.manifest().layers())) {
            ScoreOptions bounded = batches.bound(options.withBatchPositions(LanguageModel.BATCH_POSITIONS));
            ScoreRun<TokenSequence> run = only(ScoreRun.of(started, store, damping, bounded, decoder, text, progress));
            Questions<TokenSequence> questions = new Questions<>() {
                @Override
                public <T> T with(Path path, Use<TokenSequence, T> use) throws IOException {
                    try (TextData asked = opened.questions(path)) {
                        return use.use(asked);
                    }
                }
            };
            Map<String, Object> result =
                    result(work.run(run, questions, new ScoreWriter(out, format), resume), started);
            result.putAll(LanguageModel.counts(text));
            return result;
        }
    }

    private <E> ScoreRun<E> only(ScoreRun<E> run) throws IOException {
        Optional<Candidates> candidates = only.candidates();
        return candidates.isPresent() ? run.only(candidates.get().all()) : run;
    }

    /** Adds what the sample says of the search, where all scores were kept in a form that can be read again. */
    private void addRecall(Map<String, Object> result) throws IOException {
        Optional<Candidates> candidates = only.candidates();
        if (candidates.isPresent()) {
            Candidates scored = candidates.get();
            result.put("candidates", scored.ids().size());
            if (scored.lines() > 0) {
                result.put("share of examples scored", (double) scored.all().size() / scored.lines());
            }
            if (!scored.sample().isEmpty() && ScoreReader.holdsPairwise(out)) {
                result.putAll(CandidateRecall.of(ScoreReader.pairwise(out), scored));
            }
        }
    }

    private Map<String, Object> result(Provenance made, MatrixBackend started) throws IOException {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("scores", out.toString());
        Map<String, Long> counts = new LinkedHashMap<>(made.counts());
        counts.keySet().retainAll(List.of("queries", "training examples"));
        result.putAll(counts);
        result.put("damping", damping.toString());
        result.put("lambdas", made.options().getOrDefault("damping", ""));
        Optional.ofNullable(made.options().get(IterativeSolver.LARGEST_RESIDUAL))
                .ifPresent(residual -> result.put(IterativeSolver.LARGEST_RESIDUAL, residual));
        result.put("backend", started.description());
        addRecall(result);
        return result;
    }

    static final class DampingConverter implements ITypeConverter<Damping> {
        @Override
        public Damping convert(String text) {
            try {
                return text.endsWith("x")
                        ? Damping.relative(Double.parseDouble(text.substring(0, text.length() - 1)))
                        : Damping.absolute(Double.parseDouble(text));
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("must be such as 0.1x or 1e-3, found '" + text + "'");
            }
        }
    }
}
