package io.github.influence4j.examples.smollm;

import io.github.influence4j.baselines.retraining.RemovalCurves;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the study found.
 *
 * @param options what was done
 * @param passages number of passages
 * @param tokens their tokens
 * @param before log p of each answer before fine-tuning
 * @param curves what fine-tuning without passages does to −log p of each answer
 * @param rankings what each method finds
 * @param retrieval the table of the rankings, by method
 */
public record SmolResult(
        SmolOptions options,
        int passages,
        int tokens,
        double[] before,
        RemovalCurves curves,
        List<Ranked> rankings,
        Map<String, Retrieval> retrieval) {

    /** Passages that are looked at for the precision. */
    static final int FIRST = 10;

    /**
     * How well a method finds what was planted, over the facts.
     *
     * @param precision mean share of passages that tell the fact among the first ten; .6 is the most
     * @param reciprocalRank mean of one over the rank of the first such passage
     * @param forward of those in the order of the question, found among the first ten
     * @param reversed of those in reversed order
     * @param poison of those with a wrong answer
     */
    public record Retrieval(double precision, double reciprocalRank, int forward, int reversed, int poison) {}

    static Map<String, Retrieval> retrieval(FactCorpus corpus, List<Ranked> rankings) {
        Map<String, Retrieval> table = new LinkedHashMap<>();
        for (Ranked ranking : rankings) {
            table.put(
                    ranking.method(),
                    new Retrieval(
                            mean(ranking.precision(corpus, FIRST)),
                            mean(ranking.reciprocalRank(corpus)),
                            ranking.found(corpus, Passage.Kind.FORWARD, FIRST),
                            ranking.found(corpus, Passage.Kind.REVERSED, FIRST),
                            ranking.found(corpus, Passage.Kind.POISON, FIRST)));
        }
        return table;
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(0);
    }

    /**
     * Writes the tables.
     *
     * @return Markdown
     */
    public String tables() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%d passages, %d tokens. log p of an answer: %.2f before fine-tuning, %.2f after.%n%n",
                passages,
                tokens,
                mean(before),
                -mean(curves.whole())));
        text.append(
                "| method | precision at 10 | mean reciprocal rank | forward | reversed | wrong answer | seconds |\n");
        text.append("|---|---|---|---|---|---|---|\n");
        for (Ranked ranking : rankings) {
            Retrieval row = retrieval.get(ranking.method());
            if (row != null) {
                text.append(String.format(
                        Locale.ROOT,
                        "| %s | %.3f | %.3f | %d | %d | %d | %.0f |%n",
                        ranking.method(),
                        row.precision(),
                        row.reciprocalRank(),
                        row.forward(),
                        row.reversed(),
                        row.poison(),
                        ranking.seconds()));
            }
        }
        text.append("\n").append(curves.table(SmolStudy.BM25));
        return text.toString();
    }
}
