package io.github.influence4j.examples.language;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Traces what small language models say back to training sequences: the paper's claims about language models on a synthetic
 * language whose sources are known, and influence across languages on real verses.
 */
public final class LanguageStudy {

    private final LanguageOptions options;
    private final ProgressListener progress;
    private final ModelStore store;
    private final Map<String, Duration> durations = new LinkedHashMap<>();

    /**
     * Prepares the study.
     *
     * @param options how large it is
     * @param progress is told how far the work has come
     */
    public LanguageStudy(LanguageOptions options, ProgressListener progress) {
        this.options = options;
        this.progress = progress;
        this.store = new ModelStore(options.models(), progress);
    }

    /**
     * Runs the study.
     *
     * @return what it found
     * @throws IllegalArgumentException if there is no checkpoint for a model, or one of another shape
     */
    public LanguageResult run() {
        Optional<SyntheticStudy.Findings> synthetic = Optional.empty();
        Optional<BasisComparison> basis = Optional.empty();
        // float64: the claims ask for equalities to 1e-9
        try (MatrixBackend exact = MatrixBackends.select(Precision.FLOAT64)) {
            if (options.claims()) {
                synthetic = Optional.of(timed("claims on the synthetic language", () -> {
                    try (SyntheticBed bed = new SyntheticBed(exact, store, options, options.seed(), progress)) {
                        return new SyntheticStudy(bed, exact, options).run();
                    }
                }));
            }
            if (!options.basisSeeds().isEmpty()) {
                basis = Optional.of(
                        timed("comparison of eigenbases", () -> new BasisStudy(exact, store, options, progress).run()));
            }
        }
        VerseStudy.Findings verses = new VerseStudy.Findings(List.of(), List.of());
        if (options.verses() > 0) {
            try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32)) {
                verses = timed("real text", () -> new VerseStudy(backend, options, store, progress).run());
            }
        }
        durations.put("training", store.training());
        List<ExplainedQuery> explained = new ArrayList<>();
        synthetic.ifPresent(findings -> explained.addAll(findings.explained()));
        explained.addAll(verses.explained());
        return new LanguageResult(
                store.origin(),
                options.seed(),
                synthetic.map(SyntheticStudy.Findings::model),
                synthetic.map(SyntheticStudy.Findings::claims).orElse(List.of()),
                synthetic.map(SyntheticStudy.Findings::retrieval).orElse(Map.of()),
                basis,
                verses.models(),
                explained,
                synthetic.map(SyntheticStudy.Findings::provenance),
                durations);
    }

    /** Runs a part and keeps its time, training left out. */
    private <T> T timed(String part, Supplier<T> work) {
        long start = System.nanoTime();
        Duration before = store.training();
        T result = work.get();
        durations.put(
                part,
                Duration.ofNanos(System.nanoTime() - start)
                        .minus(store.training().minus(before)));
        return result;
    }
}
