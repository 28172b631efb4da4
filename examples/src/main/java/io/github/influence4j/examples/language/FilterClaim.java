package io.github.influence4j.examples.language;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.examples.corpus.Kind;
import io.github.influence4j.examples.corpus.Prompt;
import io.github.influence4j.text.search.TfIdfIndex;
import io.github.influence4j.text.search.TfIdfMatch;
import io.github.influence4j.text.tail.PowerLaw;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.DoubleStream;

/** Claim 12: the TF-IDF filter is cheap but biased. */
final class FilterClaim {

    private static final int TOP = 20;
    private static final double[] KEPT = {0.01, 0.05, 0.10};
    private static final double LEAST_FOR_FACTS = 0.7;
    private static final double MOST_FOR_TRANSLATIONS = 0.3;
    private static final int RESULTS = 10;

    private FilterClaim() {}

    /**
     * Extrapolates one query.
     *
     * @param kind what was asked for
     * @param topic number of the fact or quote
     * @param recalls recall of the 20 most influential within each part that is kept
     * @param needed sequences to scan for 10 that exceed the tenth best of the filtered ones, by the power law; empty
     *     where that lies below the tail
     * @param better sequences of the whole scan that do
     */
    @SuppressWarnings("ArrayRecordComponent") // written out, never compared
    public record Filtered(Kind kind, int topic, double[] recalls, OptionalDouble needed, long better) {}

    static Claim measure(List<Prompt> prompts, InfluenceScores scores, TfIdfIndex words) {
        List<Filtered> queries = new ArrayList<>();
        for (int q = 0; q < prompts.size(); q++) {
            queries.add(filter(prompts.get(q), scores, q, words));
        }
        Map<String, Object> measured = new LinkedHashMap<>();
        Map<String, Object> recalls = new LinkedHashMap<>();
        for (Kind kind : List.of(Kind.FACT, Kind.QUOTE, Kind.TRANSLATION)) {
            Map<String, Double> parts = new LinkedHashMap<>();
            for (int p = 0; p < KEPT.length; p++) {
                parts.put(Math.round(100 * KEPT[p]) + " %", recall(queries, kind, p));
            }
            recalls.put(kind == Kind.TRANSLATION ? "translations" : RetrievalTable.name(kind), parts);
        }
        measured.put("mean recall of the 20 most influential, by the part that is kept", recalls);
        measured.put("queries", queries);
        int last = KEPT.length - 1;
        return new Claim(
                12,
                "The TF-IDF filter is cheap but biased",
                measured,
                "facts@10 % ≥.7, translations@10 % ≤.3",
                recall(queries, Kind.FACT, last) >= LEAST_FOR_FACTS
                        && recall(queries, Kind.TRANSLATION, last) <= MOST_FOR_TRANSLATIONS);
    }

    private static double recall(List<Filtered> queries, Kind kind, int part) {
        return queries.stream()
                .filter(query -> query.kind() == kind)
                .mapToDouble(query -> query.recalls()[part])
                .average()
                .orElse(Double.NaN);
    }

    private static Filtered filter(Prompt prompt, InfluenceScores scores, int q, TfIdfIndex words) {
        List<Influence> best = scores.topK(q, TOP);
        double[] row = scores.row(q);
        double[] recalls = DoubleStream.of(KEPT)
                .map(part -> words.recall(prompt.tokens(), kept(part, row.length), best))
                .toArray();
        double tenth = words.search(prompt.tokens(), kept(KEPT[KEPT.length - 1], row.length)).stream()
                .map(TfIdfMatch::id)
                .mapToDouble(id -> row[id.intValue()])
                .boxed()
                .sorted((a, b) -> Double.compare(b, a))
                .skip(RESULTS - 1L)
                .findFirst()
                .orElse(Double.NEGATIVE_INFINITY);
        PowerLaw law = PowerLaw.fit(row, QueryTail.size(row.length));
        return new Filtered(
                prompt.kind(),
                prompt.topic(),
                recalls,
                tenth >= law.minimum()
                        ? OptionalDouble.of(law.sequencesNeeded(tenth, RESULTS))
                        : OptionalDouble.empty(),
                DoubleStream.of(row).filter(score -> score >= tenth).count());
    }

    private static int kept(double part, int sequences) {
        return Math.max(1, (int) Math.round(part * sequences));
    }
}
