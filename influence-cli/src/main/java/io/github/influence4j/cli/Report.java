package io.github.influence4j.cli;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.store.json.ProvenanceJson;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a report says, for a page and for programs.
 *
 * @param self whether training examples were scored for themselves, which is one question
 * @param scored training examples that were scored for each question
 * @param all training examples; 0 where the scores do not say
 * @param unit what the numbers per copy mean
 * @param partsByToken whether parts of tokens were kept
 * @param shadedLayer the layer whose parts shade the tokens; empty for all together
 * @param grouped whether examples have groups
 * @param warnings what may make the scores say less than they seem to
 * @param questions in the order of the scores
 * @param provenance how the scores were made
 */
record Report(
        boolean self,
        long scored,
        long all,
        String unit,
        boolean partsByToken,
        Optional<String> shadedLayer,
        boolean grouped,
        List<String> warnings,
        List<Question> questions,
        Provenance provenance) {

    /** The same for programs. */
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("kind", self ? "self-influence" : "questions");
        json.put("training examples", scored);
        json.put("training set", all);
        json.put("per copy", unit);
        json.put("warnings", warnings);
        json.put("questions", questions);
        json.put("provenance", ProvenanceJson.write(provenance));
        return json;
    }

    /**
     * A question with what matters to it.
     *
     * @param id its id
     * @param asked what was asked
     * @param helpful from the most helpful on, none that harm
     * @param harmful from the most harmful on, none that help
     * @param layers shares of the layers, the largest first
     * @param helpfulGroups from the most helpful on
     * @param harmfulGroups from the most harmful on
     * @param distribution of all scores; empty where only the best and worst were kept
     * @param largest the largest scores per copy that help, for the tail
     * @param concentration which share of what helps the first have, in words; empty where they are few
     * @param foundByWords what a search finds; empty where there are no words
     * @param warnings about this question
     */
    record Question(
            long id,
            Shown asked,
            List<Entry> helpful,
            List<Entry> harmful,
            List<Share> layers,
            List<GroupSum> helpfulGroups,
            List<GroupSum> harmfulGroups,
            Optional<Distribution> distribution,
            double[] largest,
            String concentration,
            Optional<List<Found>> foundByWords,
            List<String> warnings) {}

    /**
     * A training example.
     *
     * @param id its id
     * @param score per unit of weight
     * @param perCopy per copy of the example
     * @param group what it belongs to
     * @param layers largest shares of layers in its score
     * @param layerTokens by layer, the part of each token per copy of the example; empty where they were not kept
     * @param shown its text or picture
     */
    record Entry(
            long id,
            double score,
            double perCopy,
            Optional<String> group,
            List<Share> layers,
            Map<String, double[]> layerTokens,
            Shown shown) {}

    /**
     * A layer's part of all layers, by magnitude.
     *
     * @param layer its name
     * @param share from 0 to 1
     */
    record Share(String layer, double share) {}

    /**
     * A training example that shares words with the question.
     *
     * @param id its id
     * @param text its words
     * @param alsoHelpful whether it is among the most helpful that are shown
     */
    record Found(long id, String text, boolean alsoHelpful) {}
}
