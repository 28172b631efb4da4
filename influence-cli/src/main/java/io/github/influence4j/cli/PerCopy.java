package io.github.influence4j.cli;

import io.github.influence4j.api.Provenance;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What turns the numbers of a file of scores into those per copy of an example, about the change that one more copy makes: a score,
 * which is per unit of weight, divided by the number of all training examples, whose weight together is 1.
 *
 * @param examples N, all training examples; 0 where the file does not say
 * @param written what scores were multiplied with before they were written
 */
record PerCopy(long examples, double written) {

    /** What the provenance of multiplied scores calls the factor. */
    private static final String SCALED = "scaled by";

    static PerCopy of(Provenance made) {
        long scored = made.counts().getOrDefault("training examples", 0L);
        return new PerCopy(
                made.counts().getOrDefault("training set", scored),
                Optional.ofNullable(made.options().get(SCALED))
                        .map(Double::parseDouble)
                        .orElse(1.0));
    }

    boolean isKnown() {
        return examples > 0;
    }

    /** Per unit of weight. */
    double perUnit(double number) {
        return number / written;
    }

    /** Per copy; per unit of weight where N is not known. */
    double perCopy(double number) {
        return isKnown() ? number / written / examples : number / written;
    }

    private String counted() {
        return String.format(Locale.ROOT, "%,d", examples);
    }

    /** Sign and unit of scores as they were written. */
    Map<String, Object> notes() {
        Map<String, Object> notes = new LinkedHashMap<>();
        notes.put("sign", "positive helps: more weight on the example lowers what was measured");
        notes.put(
                "unit",
                written == 1
                        ? "per unit of weight, where all " + counted()
                                + " training examples together have the weight 1; per"
                                + " copy of an example divide by " + counted()
                        : sentence());
        return notes;
    }

    /** What the numbers mean. */
    String sentence() {
        return isKnown()
                ? "per copy: by about how much what was measured, a loss, falls with one more copy of the example, or rises"
                        + " without it, to first order; the score divided by " + counted() + " training examples"
                : "per unit of weight, where all training examples together have the weight 1";
    }
}
