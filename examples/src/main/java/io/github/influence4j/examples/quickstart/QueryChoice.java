package io.github.influence4j.examples.quickstart;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Picks the test images that are explained: the worst mistakes and the narrowest successes. */
final class QueryChoice {

    private static final int QUERIES = 5;
    private static final int MISTAKES = 3;

    private QueryChoice() {}

    /** Up to three misread images, the surest mistake first, then rightly read ones by margin, to five in all. */
    static List<Reading> of(List<Reading> readings) {
        List<Reading> byMargin = readings.stream()
                .sorted(Comparator.comparingDouble(Reading::margin))
                .toList();
        List<Reading> mistakes = byMargin.stream()
                .filter(reading -> !reading.correct())
                .limit(MISTAKES)
                .toList();
        return Stream.concat(mistakes.stream(), byMargin.stream().filter(Reading::correct))
                .limit(QUERIES)
                .toList();
    }
}
