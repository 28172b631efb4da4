package io.github.influence4j.examples.language;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.examples.corpus.Kind;
import io.github.influence4j.examples.corpus.Prompt;
import io.github.influence4j.examples.corpus.Sentence;
import io.github.influence4j.text.search.TfIdfIndex;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Claim 7: influence finds the sequences that state the answer, the dot product does not.
 *
 * <p>A source of a fact states that fact in a forward form of words, a source of a quote holds it, and a source of one word
 * of a translation holds that word, wherever it stands. In the last case the query holds five words of which one is asked
 * for, so that shared words alone cannot decide.
 */
final class RetrievalClaim {

    private static final double LEAST_PRECISION = 0.6;
    private static final double TIMES_DOT_PRODUCT = 1.5;
    private static final long SEED = 7;

    private RetrievalClaim() {}

    static boolean isSource(Sentence sentence, Prompt prompt) {
        return prompt.kind() == Kind.TRANSLATION
                ? sentence.kind() == Kind.TRANSLATION && sentence.holds(prompt.topic())
                : sentence.states(prompt.kind(), prompt.topic());
    }

    /** Leaves out queries whose answer no sequence states. */
    static List<Retrieved> retrieve(
            List<Sentence> sentences,
            List<Prompt> prompts,
            InfluenceScores ekfac,
            InfluenceScores dotProduct,
            TfIdfIndex words) {
        List<Retrieved> found = new ArrayList<>();
        for (int q = 0; q < prompts.size(); q++) {
            Prompt prompt = prompts.get(q);
            if (sentences.stream().noneMatch(sentence -> isSource(sentence, prompt))) {
                continue;
            }
            double[] shared = new double[sentences.size()];
            words.search(prompt.tokens(), sentences.size()).forEach(match -> shared[(int) match.id()] = match.score());
            found.add(new Retrieved(
                    prompt.kind(),
                    prompt.topic(),
                    Retrieval.of(ekfac.row(q), z -> isSource(sentences.get(z), prompt)),
                    Retrieval.of(dotProduct.row(q), z -> isSource(sentences.get(z), prompt)),
                    Retrieval.of(shared, z -> isSource(sentences.get(z), prompt))));
        }
        return found;
    }

    /** Means by kind of query. */
    static Map<String, RetrievalTable> tables(List<Retrieved> found) {
        Map<String, RetrievalTable> tables = new LinkedHashMap<>();
        for (Kind kind : List.of(Kind.FACT, Kind.QUOTE, Kind.TRANSLATION)) {
            List<Retrieved> group =
                    found.stream().filter(one -> one.kind() == kind).toList();
            if (!group.isEmpty()) {
                tables.put(RetrievalTable.name(kind), RetrievalTable.of(group, SEED));
            }
        }
        return tables;
    }

    static Claim measure(List<Retrieved> found) {
        Map<String, Object> measured = new LinkedHashMap<>(tables(found));
        measured.put("queries", found);
        double[] ekfac = precision(found, Retrieved::ekfac);
        double[] dotProduct = precision(found, Retrieved::dotProduct);
        boolean holds = ekfac.length > 0
                && Statistics.mean(ekfac) >= LEAST_PRECISION
                && Statistics.mean(ekfac) >= TIMES_DOT_PRODUCT * Statistics.mean(dotProduct);
        return new Claim(
                7,
                "Influence finds the right sequences, the dot product does not",
                measured,
                "EK-FAC facts P@10 ≥.6 and ≥1.5× dot",
                holds);
    }

    private static double[] precision(List<Retrieved> found, Function<Retrieved, Retrieval> estimator) {
        return found.stream()
                .filter(one -> one.kind() == Kind.FACT)
                .map(estimator)
                .mapToDouble(Retrieval::precision)
                .toArray();
    }
}
