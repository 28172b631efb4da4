package io.github.influence4j.examples.language;

import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.examples.corpus.Fact;
import io.github.influence4j.examples.corpus.Kind;
import io.github.influence4j.examples.corpus.Prompt;
import io.github.influence4j.examples.corpus.Sentence;
import io.github.influence4j.examples.corpus.SyntheticLanguage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Claim 9: the influence of a sentence on its completion is lost when the order is reversed. */
final class WordOrderClaim {

    private static final double MOST_REVERSED = 0.25;
    private static final double MOST_DIFFERENCE = 0.05;
    private static final double LEAST_PARAPHRASE = 0.5;
    private static final double MOST_FLIPPED = 0.5;
    private static final long SEED = 9;

    private WordOrderClaim() {}

    /** Sentences about an unseen fact, by name; the first is what all others are compared with. */
    private static Map<String, int[]> variants(SyntheticLanguage language, Fact fact, Fact other, int[] irrelevant) {
        Map<String, int[]> variants = new LinkedHashMap<>();
        variants.put("identical", language.forward(fact, 0));
        variants.put("paraphrase 1", language.forward(fact, 1));
        variants.put("paraphrase 2", language.forward(fact, 2));
        variants.put("identical after two words of filler", language.afterFiller(language.forward(fact, 0), 2));
        variants.put("no completion", language.withoutCompletion(fact));
        variants.put(
                "wrong value",
                language.forward(
                        new Fact(
                                fact.entityFirst(),
                                fact.entitySecond(),
                                fact.relation(),
                                other.firstName(),
                                other.lastName()),
                        0));
        variants.put(
                "wrong entity",
                language.forward(
                        new Fact(
                                other.entityFirst(),
                                other.entitySecond(),
                                fact.relation(),
                                fact.firstName(),
                                fact.lastName()),
                        0));
        variants.put("irrelevant", irrelevant);
        variants.put("reversed", language.reversed(fact));
        variants.put("reversed, relation removed", language.reversedWithoutRelation(fact));
        return variants;
    }

    static Claim measure(SyntheticBed bed, IhvpSolver ekfac, IhvpSolver dotProduct) {
        Map<String, double[]> relative = relative(bed, ekfac);
        Map<String, double[]> relativeOfDotProduct = relative(bed, dotProduct);
        Map<String, Double> medians = medians(relative);
        double[] flipped = flippedTranslations(bed, ekfac, false);
        double[] flippedKnown = flippedTranslations(bed, ekfac, true);
        Map<String, Object> measured = new LinkedHashMap<>();
        measured.put("median influence relative to the identical sentence, EK-FAC", medians);
        measured.put("median influence relative to the identical sentence, dot product", medians(relativeOfDotProduct));
        measured.put(
                "median influence of an unseen translation the other way round, EK-FAC", Statistics.median(flipped));
        measured.put(
                "median influence of a known translation the other way round, EK-FAC", Statistics.median(flippedKnown));
        measured.put("per unseen fact, EK-FAC", relative);
        measured.put("per unseen fact, dot product", relativeOfDotProduct);
        measured.put("per unseen translation, EK-FAC", flipped);
        measured.put("per known translation, EK-FAC", flippedKnown);
        double reversed = medians.getOrDefault("reversed", 1.0);
        double bare = medians.getOrDefault("reversed, relation removed", 1.0);
        boolean holds = reversed <= MOST_REVERSED
                && Math.abs(reversed - bare) <= MOST_DIFFERENCE
                && medians.getOrDefault("paraphrase 1", 0.0) >= LEAST_PARAPHRASE
                && medians.getOrDefault("paraphrase 2", 0.0) >= LEAST_PARAPHRASE
                && Statistics.median(flipped) <= MOST_FLIPPED;
        return new Claim(
                9,
                "Word order: a sentence that states the answer before the question has little influence",
                measured,
                "reversed ≤.25, |reversed − reversed without relation| ≤.05, paraphrase ≥.5; translation direction"
                        + " flipped ≤.5",
                holds);
    }

    private static Map<String, Double> medians(Map<String, double[]> relative) {
        Map<String, Double> medians = new LinkedHashMap<>();
        relative.forEach((name, values) -> medians.put(name, Statistics.median(values)));
        return medians;
    }

    private static Map<String, double[]> relative(SyntheticBed bed, IhvpSolver solver) {
        SyntheticLanguage language = bed.language();
        List<Fact> unseen = language.unseenFacts();
        List<Sentence> filler = language.sentences().stream()
                .filter(sentence -> sentence.kind() == Kind.FILLER)
                .limit(unseen.size())
                .toList();
        Map<String, double[]> relative = new LinkedHashMap<>();
        for (int u = 0; u < unseen.size(); u++) {
            Map<String, int[]> variants = variants(
                    language,
                    unseen.get(u),
                    unseen.get((u + 1) % unseen.size()),
                    filler.get(u).tokens());
            InfluenceScores scores = bed.scores(
                    solver,
                    List.of(language.askUnseen(u)),
                    bed.candidates(new ArrayList<>(variants.values())),
                    ScoreOptions.defaults());
            int v = 0;
            for (String name : variants.keySet()) {
                relative.computeIfAbsent(name, key -> new double[unseen.size()])[u] =
                        scores.score(0, v++) / scores.score(0, 0);
            }
        }
        return relative;
    }

    /**
     * Influence of "zh: … en: …" relative to "en: … zh: …", for a query in the second order. Unseen ones pair the words of one
     * translation with those of another, as unseen facts pair entities with values: of a known one the model is so certain
     * that its gradient, and with it what all is relative to, is next to nothing.
     */
    private static double[] flippedTranslations(SyntheticBed bed, IhvpSolver solver, boolean known) {
        SyntheticLanguage language = bed.language();
        SplittableRandom random = new SplittableRandom(SEED);
        double[] relative = new double[language.unseenFacts().size()];
        for (int k = 0; k < relative.length; k++) {
            Prompt asked = language.translation(random);
            int[] answer = (known ? asked : language.translation(random)).completion();
            Prompt translation = new Prompt(asked.kind(), asked.topic(), asked.prompt(), answer);
            int[] forward = translation.tokens();
            int half = forward.length / 2;
            int[] flipped = new int[forward.length];
            System.arraycopy(forward, half, flipped, 0, half);
            System.arraycopy(forward, 0, flipped, half, half);
            InfluenceScores scores = bed.scores(
                    solver, List.of(translation), bed.candidates(List.of(forward, flipped)), ScoreOptions.defaults());
            relative[k] = scores.score(0, 1) / scores.score(0, 0);
        }
        return relative;
    }
}
