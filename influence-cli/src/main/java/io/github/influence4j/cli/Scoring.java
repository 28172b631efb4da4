package io.github.influence4j.cli;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.ScoreRun;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that both kinds of scores share. */
final class Scoring {

    @Mixin
    private final Batches batches = new Batches();

    @Option(names = "--factors", required = true, paramLabel = "DIR", description = "what influence fit wrote")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path factors;

    @Option(names = "--train", required = true, paramLabel = "PATH", description = "captures of the training loss")
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

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description =
                    "openblas, ejml, or cuda or nd4j where influence-cuda or influence-nd4j is on the class path (default: the best that works)")
    private @Nullable String backend;

    @Option(names = "--precision", description = "${COMPLETION-CANDIDATES} (default: that of the factors)")
    private @Nullable Precision precision;

    @Option(names = "--resume", description = "take up the unfinished run that DIR holds; begin one if there is none")
    private boolean resume;

    /** Scores, given all that both kinds need. */
    interface Work {
        Provenance run(ScoreRun run, ScoreWriter writer, boolean resume) throws IOException;
    }

    /** Opens what is needed, works, and says what came of it. */
    Map<String, Object> run(Output output, ScoreOptions options, ProgressListener progress, Work work)
            throws IOException {
        FactorStore store = FactorStore.open(factors);
        Precision working = Optional.ofNullable(precision)
                .orElse(store.manifest().provenance().precision());
        try (CaptureSet set = CaptureSet.open(train);
                MatrixBackend started = output.backend(backend, working)) {
            Provenance made = work.run(
                    ScoreRun.of(started, store, damping, batches.bound(options), set, progress),
                    new ScoreWriter(out, format),
                    resume);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("scores", out.toString());
            Map<String, Long> counts = new LinkedHashMap<>(made.counts());
            counts.keySet().retainAll(List.of("queries", "training examples"));
            result.putAll(counts);
            result.put("damping", damping.toString());
            result.put("lambdas", made.options().getOrDefault("damping", ""));
            result.put("backend", started.description());
            return result;
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
