package io.github.influence4j.testkit;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** How far two captures of the same examples are apart, relative to the largest magnitude of the first; padding does not count. */
final class CaptureDifference {

    private CaptureDifference() {}

    /** The larger of the differences of inputs and of gradients. */
    static double of(List<ExampleCaptures> expected, List<ExampleCaptures> actual) {
        return Math.max(ofInputs(expected, actual), between(expected, actual, ExampleCaptures::outputGradients));
    }

    /** The difference of inputs alone. */
    static double ofInputs(List<ExampleCaptures> expected, List<ExampleCaptures> actual) {
        return between(expected, actual, ExampleCaptures::inputs);
    }

    /** The same captures with gradients that are multiplied by a factor. */
    static List<ExampleCaptures> scaled(List<ExampleCaptures> captures, double factor) {
        return captures.stream()
                .map(c -> new ExampleCaptures(c.inputs(), scaled(c.outputGradients(), factor), c.maskedGradient()))
                .toList();
    }

    private static double[][] scaled(double[][] rows, double factor) {
        return Arrays.stream(rows)
                .map(row -> Arrays.stream(row).map(g -> factor * g).toArray())
                .toArray(double[][]::new);
    }

    private static double between(
            List<ExampleCaptures> expected, List<ExampleCaptures> actual, Function<ExampleCaptures, double[][]> part) {
        double scale = 0;
        double worst = 0;
        for (int e = 0; e < expected.size(); e++) {
            double[][] left = part.apply(expected.get(e));
            double[][] right = part.apply(actual.get(e));
            if (left.length != right.length) {
                return Double.POSITIVE_INFINITY;
            }
            for (int p = 0; p < left.length; p++) {
                for (int c = 0; c < left[p].length; c++) {
                    scale = Math.max(scale, Math.abs(left[p][c]));
                    double difference = Math.abs(left[p][c] - right[p][c]);
                    if (!(difference <= worst)) {
                        worst = difference;
                    }
                }
            }
        }
        return worst == 0 ? 0 : worst / scale;
    }
}
