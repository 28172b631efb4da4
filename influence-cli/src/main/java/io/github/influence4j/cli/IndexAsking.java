package io.github.influence4j.cli;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.index.GradientIndex;
import io.github.influence4j.index.IndexScoring;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of commands that ask an index. */
final class IndexAsking {

    /** What is asked. */
    enum Section {
        SIGNS,
        COORDINATES
    }

    @Mixin
    private final Batches batches = new Batches();

    @Mixin
    private final LanguageModel model = new LanguageModel();

    @Mixin
    private final Computing computing = new Computing();

    @Option(names = "--index", required = true, paramLabel = "INDEX", description = "what influence index build wrote")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path index;

    @Option(
            names = "--factors",
            paramLabel = "DIR",
            description = "the factors that the index was built with (default: where they were then)")
    private @Nullable Path factors;

    @Option(
            names = "--queries",
            required = true,
            paramLabel = "PATH",
            description = "captures of the measurement; with --model lines of JSON")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path queries;

    @Option(
            names = "--section",
            completionCandidates = Words.AskedSections.class,
            paramLabel = "WHAT",
            description = "${COMPLETION-CANDIDATES} (default: signs if the index has them)")
    private @Nullable Section section;

    @Option(
            names = "--damping",
            converter = Scoring.DampingConverter.class,
            paramLabel = "LAMBDA",
            description = "with --section coordinates: another damping than that of the index")
    private @Nullable Damping damping;

    /** Asks. */
    interface Work {
        <E> void answer(
                IndexScoring<E> scoring,
                ExampleSource<E> questions,
                Optional<? extends ExampleSource<E>> train,
                Map<String, Object> result)
                throws IOException;
    }

    /** Opens what is needed, asks, and says what came of it. */
    Map<String, Object> run(Output output, @Nullable Path train, ProgressListener progress, Work work)
            throws IOException {
        if (damping != null && section != Section.COORDINATES) {
            throw output.wrong("the damping of signs is that of the index: give --section coordinates too");
        }
        Map<String, Object> result = new LinkedHashMap<>();
        try (GradientIndex opened = GradientIndex.open(index)) {
            FactorStore store = FactorStore.open(factors(opened));
            opened.verify();
            try (MatrixBackend started = computing.start(
                    output, computing.precisionOr(store.manifest().provenance().precision()))) {
                if (model.isGiven()) {
                    ofModel(opened, store, started, train, progress, work, result);
                } else {
                    ofCaptures(opened, store, started, train, progress, work, result);
                }
                result.put("training examples", opened.size());
                result.put(
                        "lambdas", damping == null ? opened.damping().lambdas().toString() : damping.toString());
                result.put("backend", started.description());
            }
        }
        return result;
    }

    private Path factors(GradientIndex opened) {
        if (factors != null) {
            return factors;
        }
        Path there = opened.factorsFolder()
                .orElseThrow(() -> new IllegalArgumentException(
                        index + " does not say where its factors are; give them with --factors"));
        if (!Files.isDirectory(there)) {
            throw new IllegalArgumentException("the factors of " + index + " were in " + there
                    + " and are not there now; give them with --factors");
        }
        return there;
    }

    private void ofCaptures(
            GradientIndex opened,
            FactorStore store,
            MatrixBackend started,
            @Nullable Path train,
            ProgressListener progress,
            Work work,
            Map<String, Object> result)
            throws IOException {
        FactorManifest manifest = store.manifest();
        ScoreOptions bound = batches.bound(ScoreOptions.defaults());
        try (CaptureSet asked = CaptureSet.open(queries)) {
            CaptureProvider.requireObjective(asked, CaptureObjective.MEASUREMENT);
            if (train == null) {
                CaptureProvider provider = CaptureProvider.of(
                        manifest.layers(), manifest.provenance().model(), asked);
                try (IndexScoring<CapturedExample> scoring =
                        opened.scoring(started, store, provider, bound, progress)) {
                    work.answer(chosen(scoring), asked, Optional.empty(), result);
                }
                return;
            }
            try (CaptureSet set = CaptureSet.open(train)) {
                CaptureProvider.requireObjective(set, CaptureObjective.TRAINING);
                CaptureProvider provider = CaptureProvider.of(
                        manifest.layers(), manifest.provenance().model(), asked, set);
                try (IndexScoring<CapturedExample> scoring =
                        opened.scoring(started, store, provider, bound, progress)) {
                    work.answer(chosen(scoring), asked, Optional.of(set), result);
                }
            }
        }
    }

    private void ofModel(
            GradientIndex opened,
            FactorStore store,
            MatrixBackend started,
            @Nullable Path train,
            ProgressListener progress,
            Work work,
            Map<String, Object> result)
            throws IOException {
        ScoreOptions bound = batches.bound(ScoreOptions.defaults().withBatchPositions(LanguageModel.BATCH_POSITIONS));
        try (LanguageModel.Open checkpoint = model.open();
                TextData asked = checkpoint.questions(queries);
                Decoder decoder = checkpoint.decoder(started, store.manifest().layers());
                IndexScoring<TokenSequence> scoring = opened.scoring(started, store, decoder, bound, progress)) {
            if (train == null) {
                work.answer(chosen(scoring), asked, Optional.empty(), result);
                return;
            }
            try (TextData text = checkpoint.training(train, Integer.MAX_VALUE)) {
                work.answer(chosen(scoring), asked, Optional.of(text), result);
            }
        }
    }

    private <E> IndexScoring<E> chosen(IndexScoring<E> scoring) {
        if (section == null) {
            return scoring;
        }
        if (section == Section.SIGNS) {
            return scoring.bySigns();
        }
        return damping == null ? scoring.byCoordinates() : scoring.byCoordinates(damping);
    }
}
