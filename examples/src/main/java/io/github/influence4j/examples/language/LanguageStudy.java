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

/**
 * Traces what small language models say back to training sequences: the paper's claims about language models on a synthetic
 * language whose sources are known, and influence across languages on real verses.
 */
public final class LanguageStudy {

    private final LanguageOptions options;
    private final ProgressListener progress;
    private final ModelStore store;

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
        Map<String, Duration> durations = new LinkedHashMap<>();
        long start = System.nanoTime();
        SyntheticStudy.Findings findings;
        Optional<BasisComparison> basis = Optional.empty();
        // float64: the claims ask for equalities to 1e-9
        try (MatrixBackend exact = MatrixBackends.select(Precision.FLOAT64)) {
            try (SyntheticBed bed = new SyntheticBed(exact, store, options, options.seed(), progress)) {
                findings = new SyntheticStudy(bed, exact, options).run();
            }
            durations.put("claims on the synthetic language", since(start).minus(store.training()));
            if (!options.basisSeeds().isEmpty()) {
                Duration before = store.training();
                start = System.nanoTime();
                basis = Optional.of(new BasisStudy(exact, store, options, progress).run());
                durations.put(
                        "comparison of eigenbases",
                        since(start).minus(store.training()).plus(before));
            }
        }
        VerseStudy.Findings verses = new VerseStudy.Findings(List.of(), List.of());
        if (options.verses() > 0) {
            Duration before = store.training();
            start = System.nanoTime();
            try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32)) {
                verses = new VerseStudy(backend, options, store, progress).run();
            }
            durations.put("real text", since(start).minus(store.training()).plus(before));
        }
        durations.put("training", store.training());
        List<ExplainedQuery> explained = new ArrayList<>(findings.explained());
        explained.addAll(verses.explained());
        return new LanguageResult(
                options.seed(),
                findings.model(),
                findings.claims(),
                findings.retrieval(),
                basis,
                verses.models(),
                explained,
                findings.provenance(),
                durations);
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
