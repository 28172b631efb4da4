package io.github.influence4j.examples.language;

import io.github.influence4j.text.tail.PowerLaw;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One answer of a model and the training sequences behind it.
 *
 * @param name name of its page, a word
 * @param topic what is asked, in words
 * @param model which model answered
 * @param prompt what the model was given
 * @param completion what it was asked about
 * @param probability the probability that the model gives the completion
 * @param helpful the most influential sequences, highest score first
 * @param harmful the sequences that made the completion less probable, lowest score first
 * @param layers influence of the most influential sequences by layer, as shares that add to 1
 * @param scores all scores, highest first
 * @param tail power law of the largest scores
 * @param topShare share of the positive influence that the top 1 % of the sequences carry
 */
@SuppressWarnings("ArrayRecordComponent") // drawn, never compared
public record ExplainedQuery(
        String name,
        String topic,
        String model,
        String prompt,
        String completion,
        double probability,
        List<ExplainedSequence> helpful,
        List<ExplainedSequence> harmful,
        Map<String, Double> layers,
        double[] scores,
        PowerLaw tail,
        double topShare) {

    /** Copies the collections. */
    public ExplainedQuery {
        helpful = List.copyOf(helpful);
        harmful = List.copyOf(harmful);
        layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
    }
}
