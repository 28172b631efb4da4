package io.github.influence4j.examples.language;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.examples.corpus.Kind;
import io.github.influence4j.examples.corpus.Prompt;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Claim 8: influence is heavy-tailed and sparse. The synthetic language's tails reflect the sources planted in it. */
final class TailClaim {

    private static final double LEAST_EXPONENT = 2;
    private static final double LARGEST_EXPONENT = 5;
    private static final double MOST_QUERIES = 0.8;
    private static final double LEAST_SHARE = 0.10;
    private static final double REJECTED = 0.1;

    private TailClaim() {}

    static Claim measure(List<Prompt> prompts, InfluenceScores scores) {
        List<QueryTail> tails = new ArrayList<>();
        for (int q = 0; q < prompts.size(); q++) {
            tails.add(QueryTail.of(prompts.get(q).kind(), prompts.get(q).topic(), scores.row(q)));
        }
        Map<String, Object> measured = new LinkedHashMap<>();
        double inRange = share(
                tails,
                tail -> tail.law().alpha() >= LEAST_EXPONENT && tail.law().alpha() <= LARGEST_EXPONENT);
        measured.put("share of queries with alpha from 2 to 5", inRange);
        Map<String, Double> exponents = new LinkedHashMap<>();
        Map<String, Double> shares = new LinkedHashMap<>();
        for (Kind kind : List.of(Kind.FACT, Kind.QUOTE, Kind.TRANSLATION)) {
            List<QueryTail> group =
                    tails.stream().filter(tail -> tail.kind() == kind).toList();
            if (!group.isEmpty()) {
                exponents.put(
                        group(kind),
                        mean(group.stream()
                                .mapToDouble(tail -> tail.law().alpha())
                                .toArray()));
                shares.put(
                        group(kind),
                        mean(group.stream().mapToDouble(QueryTail::topShare).toArray()));
            }
        }
        measured.put("mean alpha", exponents);
        measured.put("mean share of the top 1 %", shares);
        measured.put(
                "share of queries better described by a power law than by an exponential one (p < 0.1)",
                share(
                        tails,
                        tail -> tail.againstExponential().logRatio() > 0
                                && tail.againstExponential().pValue() < REJECTED));
        measured.put(
                "share of queries better described by a log-normal law (p < 0.1)",
                share(
                        tails,
                        tail -> tail.againstLogNormal().logRatio() < 0
                                && tail.againstLogNormal().pValue() < REJECTED));
        measured.put(
                "share of queries whose power law is rejected (Kolmogorov-Smirnov p < 0.1)",
                share(tails, tail -> tail.goodness() < REJECTED));
        measured.put("queries", tails);
        return new Claim(
                8,
                "Influence is heavy-tailed and sparse",
                measured,
                "α∈[2,5] for ≥80 % of queries; share ≥.10 for facts",
                inRange >= MOST_QUERIES && shares.getOrDefault(group(Kind.FACT), 0.0) >= LEAST_SHARE);
    }

    private static String group(Kind kind) {
        return kind == Kind.TRANSLATION ? "translations" : RetrievalTable.name(kind);
    }

    private static double mean(double[] values) {
        return Statistics.mean(values);
    }

    private static double share(List<QueryTail> tails, Predicate<QueryTail> holds) {
        return tails.stream().filter(holds).count() / (double) tails.size();
    }
}
