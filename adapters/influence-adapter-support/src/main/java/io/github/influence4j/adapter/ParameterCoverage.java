package io.github.influence4j.adapter;

import java.util.List;
import java.util.Locale;

/**
 * How much of a model an adapter traces, and what it leaves out.
 *
 * <p>Scores say nothing about parameters that are not traced: a large share of them is a reason for care.
 *
 * @param traced number of parameters of traced layers
 * @param uncovered what is not traced
 */
public record ParameterCoverage(long traced, List<Uncovered> uncovered) {

    /**
     * Some parameters that are not traced.
     *
     * @param name name of the layer
     * @param kind what it is, in the host's own words
     * @param parameters how many
     * @param reason why it is not traced
     */
    public record Uncovered(String name, String kind, long parameters, String reason) {}

    /** Copies the list. */
    public ParameterCoverage {
        uncovered = List.copyOf(uncovered);
    }

    /**
     * Computes the share of the model's parameters that is not traced.
     *
     * @return from 0 to 1
     */
    public double uncoveredShare() {
        long missing = uncovered.stream().mapToLong(Uncovered::parameters).sum();
        return missing == 0 ? 0 : (double) missing / (missing + traced);
    }

    /** Returns a table for people: the share, then a line for each layer that is left out. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(
                String.format(Locale.ROOT, "%d parameters traced, %.2f %% not traced", traced, 100 * uncoveredShare()));
        for (Uncovered u : uncovered) {
            text.append(String.format(
                    Locale.ROOT, "%n  %s (%s): %d parameters, %s", u.name(), u.kind(), u.parameters(), u.reason()));
        }
        return text.toString();
    }
}
