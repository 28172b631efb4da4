package io.github.influence4j.examples.smollm;

import io.github.influence4j.baselines.retraining.PairedBootstrap;
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
 * @param all the models that were fine-tuned on all passages
 * @param rankings what each method finds
 * @param removals by method and number of passages for a fact, the models that were fine-tuned without them
 * @param retrieval the table of the rankings, by method
 */
public record SmolResult(
        SmolOptions options,
        int passages,
        int tokens,
        double[] before,
        SmolStudy.Retrained all,
        List<Ranked> rankings,
        Map<String, SmolStudy.Retrained> removals,
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
     * How far removing what a method found lowers the answers' log p, less what removing as many at random does.
     *
     * @param method the method's name
     * @param k passages for each fact
     * @return mean over the facts, with an interval
     */
    public PairedBootstrap againstRandom(String method, int k) {
        return PairedBootstrap.of(fall(method, k), fall(SmolStudy.RANDOM, k), options.seed());
    }

    /** By how much log p of each answer falls. */
    private double[] fall(String method, int k) {
        SmolStudy.Retrained without = removals.get(method + " " + k);
        if (without == null) {
            throw new IllegalArgumentException("nothing was removed by " + method + " for " + k);
        }
        double[] fall = new double[without.answers().length];
        Arrays.setAll(fall, f -> all.answers()[f] - without.answers()[f]);
        return fall;
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
                "%d passages, %d tokens. log p of an answer: %.2f before fine-tuning, %.2f after (%.0f s).%n%n",
                passages,
                tokens,
                mean(before),
                mean(all.answers()),
                all.seconds()));
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
        text.append("\n| removed | passages | fall of log p | less random's (95 % interval) |\n|---|---|---|---|\n");
        for (int k : options.removed()) {
            for (Ranked ranking : rankings) {
                SmolStudy.Retrained without = removals.get(ranking.method() + " " + k);
                if (without != null) {
                    PairedBootstrap difference = againstRandom(ranking.method(), k);
                    text.append(String.format(
                            Locale.ROOT,
                            "| %s, %d a fact | %d | %.3f | %.3f (%.3f to %.3f) |%n",
                            ranking.method(),
                            k,
                            without.removed(),
                            mean(fall(ranking.method(), k)),
                            difference.difference(),
                            difference.low(),
                            difference.high()));
                }
            }
        }
        return text.toString();
    }
}
