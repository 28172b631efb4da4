package io.github.influence4j.cli;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
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
            converter = DampingsConverter.class,
            paramLabel = "LAMBDA",
            description =
                    "0.1x for a tenth of each layer's mean eigenvalue, or 1e-3 for that number; several, such as 0.01x,0.1x,1x,"
                            + " each with a folder in DIR, to compare (default: 0.1x)")
    private Dampings asked = new Dampings(List.of(new NamedDamping("0.1x", Damping.relative(0.1))));

    @Option(
            names = "--format",
            paramLabel = "FORM",
            completionCandidates = Words.Formats.class,
            description = "${COMPLETION-CANDIDATES} (default: safetensors)")
    private ScoreFormat format = ScoreFormat.SAFETENSORS;

    @Option(names = "--resume", description = "take up the unfinished run that DIR holds; begin one if there is none")
    private boolean resume;

    @Mixin
    private final LanguageModel model = new LanguageModel();

    /** Scores, given all that both kinds need. */
    interface Work {
        <E> Provenance run(ScoreRun<E> run, Questions<E> questions, ScoreWriter writer, boolean resume)
                throws IOException;

        /** What else is said of the scores. */
        default Map<String, Object> notes(Provenance made) {
            return Map.of();
        }
    }

    /**
     * A damping, and how it was written.
     *
     * @param name as on the command line
     * @param damping λ
     */
    record NamedDamping(String name, Damping damping) {}

    /**
     * Dampings to score with.
     *
     * @param all at least one
     */
    record Dampings(List<NamedDamping> all) {}

    /** Opens what is asked about. */
    interface Questions<E> {
        <T> T with(Path path, Use<E, T> use) throws IOException;
    }

    /** Uses what is asked about while it is open. */
    interface Use<E, T> {
        T use(PartedData<E> queries) throws IOException;
    }

    /** Opens what is needed, works, and prints what came of it. */
    void run(Output output, ScoreOptions options, ProgressListener progress, Work work) throws IOException {
        FactorStore store = FactorStore.open(factors);
        Precision working = computing.precisionOr(store.manifest().provenance().precision());
        List<Map<String, Object>> results = new ArrayList<>();
        try (MatrixBackend started = computing.start(output, working)) {
            if (model.isGiven()) {
                ofModel(store, started, options, progress, work, results);
            } else {
                ofCaptures(store, started, options, progress, work, results);
            }
        }
        if (results.size() == 1) {
            output.print(results.get(0));
        } else {
            DampingSweep.compare(results);
            output.printAll("dampings", results);
        }
    }

    /** A folder of its own for each of several. */
    private Path folder(NamedDamping damping) {
        return asked.all().size() == 1 ? out : out.resolve("damping-" + damping.name());
    }

    private void ofCaptures(
            FactorStore store,
            MatrixBackend started,
            ScoreOptions options,
            ProgressListener progress,
            Work work,
            List<Map<String, Object>> results)
            throws IOException {
        try (CaptureSet set = CaptureSet.open(train)) {
            Questions<CapturedExample> questions = new Questions<>() {
                @Override
                public <T> T with(Path path, Use<CapturedExample, T> use) throws IOException {
                    try (CaptureSet asked = CaptureSet.open(path)) {
                        return use.use(asked);
                    }
                }
            };
            for (NamedDamping damping : asked.all()) {
                ScoreRun<CapturedExample> run =
                        only(ScoreRun.of(started, store, damping.damping(), batches.bound(options), set, progress));
                results.add(result(work, run, questions, damping));
            }
        }
    }

    private void ofModel(
            FactorStore store,
            MatrixBackend started,
            ScoreOptions options,
            ProgressListener progress,
            Work work,
            List<Map<String, Object>> results)
            throws IOException {
        try (LanguageModel.Open opened = model.open();
                TextData text = opened.training(train, Integer.MAX_VALUE);
                Decoder decoder = opened.decoder(started, store.manifest().layers())) {
            ScoreOptions bounded = batches.bound(options.withBatchPositions(LanguageModel.BATCH_POSITIONS));
            Questions<TokenSequence> questions = new Questions<>() {
                @Override
                public <T> T with(Path path, Use<TokenSequence, T> use) throws IOException {
                    try (TextData asked = opened.questions(path)) {
                        return use.use(asked);
                    }
                }
            };
            for (NamedDamping damping : asked.all()) {
                ScoreRun<TokenSequence> run =
                        only(ScoreRun.of(started, store, damping.damping(), bounded, decoder, text, progress));
                Map<String, Object> result = result(work, run, questions, damping);
                result.putAll(LanguageModel.counts(text));
                results.add(result);
            }
        }
    }

    private <E> ScoreRun<E> only(ScoreRun<E> run) throws IOException {
        Optional<Candidates> candidates = only.candidates();
        return candidates.isPresent() ? run.only(candidates.get().all()) : run;
    }

    /** Adds what the sample says of the search, where all scores were kept in a form that can be read again. */
    private void addRecall(Path folder, Map<String, Object> result) throws IOException {
        Optional<Candidates> candidates = only.candidates();
        if (candidates.isPresent()) {
            Candidates scored = candidates.get();
            result.put("candidates", scored.ids().size());
            if (scored.lines() > 0) {
                result.put("share of examples scored", (double) scored.all().size() / scored.lines());
            }
            if (!scored.sample().isEmpty() && ScoreReader.holdsPairwise(folder)) {
                result.putAll(CandidateRecall.of(ScoreReader.pairwise(folder), scored));
            }
        }
    }

    private <E> Map<String, Object> result(Work work, ScoreRun<E> run, Questions<E> questions, NamedDamping damping)
            throws IOException {
        Path folder = folder(damping);
        if (asked.all().size() > 1) {
            Files.createDirectories(out);
        }
        Provenance made = work.run(run, questions, new ScoreWriter(folder, format), resume);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("scores", folder.toString());
        Map<String, Long> counts = new LinkedHashMap<>(made.counts());
        counts.keySet().retainAll(List.of("queries", "training examples"));
        result.putAll(counts);
        result.putAll(work.notes(made));
        result.put("damping", damping.damping().toString());
        result.put("lambdas", made.options().getOrDefault("damping", ""));
        Optional.ofNullable(made.options().get(IhvpSolver.LARGEST_RESIDUAL))
                .ifPresent(residual -> result.put(IhvpSolver.LARGEST_RESIDUAL, residual));
        result.put("backend", run.backend().description());
        addRecall(folder, result);
        return result;
    }

    static final class DampingsConverter implements ITypeConverter<Dampings> {
        @Override
        public Dampings convert(String text) {
            List<NamedDamping> all = Stream.of(text.split(",", -1))
                    .map(one -> new NamedDamping(one, new DampingConverter().convert(one)))
                    .toList();
            if (all.stream().map(NamedDamping::damping).distinct().count() < all.size()) {
                throw new TypeConversionException("must have each damping once, found '" + text + "'");
            }
            return new Dampings(all);
        }
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
