package io.github.influence4j.examples.language;

import io.github.influence4j.api.Provenance;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the language study found.
 *
 * @param origin where the models come from
 * @param seed seed of the model of the synthetic language
 * @param model the model of the synthetic language; empty where the claims were left out
 * @param claims the paper's claims, in the order of their numbers
 * @param retrieval what was found for facts, quotes and words of translations
 * @param basis EK-FAC's eigenbasis beside that of gradients; empty where that part was left out
 * @param verseModels models of the real text, smallest first; empty where that part was left out
 * @param queries answers with the sequences behind them
 * @param provenance how the influence on the synthetic language was computed; empty where the claims were left out
 * @param durations wall time of each part
 */
public record LanguageResult(
        String origin,
        long seed,
        Optional<SyntheticModel> model,
        List<Claim> claims,
        Map<String, RetrievalTable> retrieval,
        Optional<BasisComparison> basis,
        List<VerseModel> verseModels,
        List<ExplainedQuery> queries,
        Optional<Provenance> provenance,
        Map<String, Duration> durations) {

    /**
     * The model of the synthetic language.
     *
     * @param parameters number of weights
     * @param sequences training sequences
     * @param loss mean loss of a token of the training sequences, in nats
     * @param factsKnown share of the facts of whose value the model is more than half sure
     */
    public record SyntheticModel(long parameters, int sequences, double loss, double factsKnown) {}

    /** Copies the collections. */
    public LanguageResult {
        claims = List.copyOf(claims);
        retrieval = Collections.unmodifiableMap(new LinkedHashMap<>(retrieval));
        verseModels = List.copyOf(verseModels);
        queries = List.copyOf(queries);
        durations = Collections.unmodifiableMap(new LinkedHashMap<>(durations));
    }

    /**
     * Returns the time for everything.
     *
     * @return sum of the parts
     */
    public Duration duration() {
        return durations.values().stream().reduce(Duration.ZERO, Duration::plus);
    }
}
