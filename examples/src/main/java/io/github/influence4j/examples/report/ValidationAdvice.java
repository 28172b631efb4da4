package io.github.influence4j.examples.report;

import io.github.influence4j.examples.validation.NumberWords;
import io.github.influence4j.examples.validation.ValidationResult;
import io.github.influence4j.examples.validation.ValidationRow;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** Which estimator to use, by what the run measured: said before everything else. */
final class ValidationAdvice {

    /** Those that are fitted once and answer a question without iterations, the simplest first. */
    private static final List<String> DIRECT =
            List.of("dot product", "diagonal", "K-FAC", "EK-FAC", "EK-FAC gradient basis");

    private static final String EXACT = "exact GGN";

    /** A difference of two means that is none. */
    private static final double EQUAL = 0.01;

    /**
     * What to use, and why.
     *
     * @param use a sentence
     * @param why the numbers
     */
    record Advice(String use, String why) {}

    private ValidationAdvice() {}

    static Advice of(ValidationResult result) {
        List<ValidationRow> rows =
                result.beds().stream().flatMap(bed -> bed.rows().stream()).toList();
        ToDoubleFunction<String> response = name -> mean(rows, name, ValidationRow::pearsonPbrf);
        ToDoubleFunction<String> retraining = name -> mean(rows, name, ValidationRow::lds);
        String first = best(response);
        String ahead = best(retraining);
        boolean both = retraining.applyAsDouble(ahead) - retraining.applyAsDouble(first) < EQUAL;
        String second = both ? first : ahead;
        String use = "Use " + first + (both ? "." : ", or " + second + " to predict what training again would do.");
        StringBuilder advice =
                new StringBuilder("Of the estimators that are fitted once and answer without iterations ");
        if (both) {
            advice.append("none is ahead of it by ")
                    .append(EQUAL)
                    .append(": ")
                    .append(both(first, response, retraining));
        } else {
            advice.append(both(first, response, retraining)).append("; ").append(both(second, response, retraining));
        }
        advice.append(". Where the model is small enough for the exact matrix, that has ")
                .append(numbers(EXACT, response, retraining))
                .append(". Means over data sets and dampings.");
        if (result.options().seeds() == 1) {
            advice.append(" One network for each data set is an impression, not a finding.");
        }
        return new Advice(use, advice.toString());
    }

    private static String best(ToDoubleFunction<String> measure) {
        String best = DIRECT.get(0);
        for (String name : DIRECT) {
            if (measure.applyAsDouble(name) > measure.applyAsDouble(best)) {
                best = name;
            }
        }
        return best;
    }

    private static String both(String name, ToDoubleFunction<String> response, ToDoubleFunction<String> retraining) {
        return name + " has " + numbers(name, response, retraining);
    }

    private static String numbers(String name, ToDoubleFunction<String> response, ToDoubleFunction<String> retraining) {
        return "a correlation of " + NumberWords.correlation(response.applyAsDouble(name))
                + " with the response and a score of " + NumberWords.correlation(retraining.applyAsDouble(name))
                + " by retraining";
    }

    /** Where an estimator diverged it counts as 0: no scores predict nothing. */
    private static double mean(List<ValidationRow> rows, String name, Function<ValidationRow, OptionalDouble> measure) {
        Stream<ValidationRow> ofOne =
                rows.stream().filter(row -> row.estimator().equals(name));
        return ofOne.mapToDouble(row -> measure.apply(row).orElse(0)).average().orElse(Double.NaN);
    }
}
