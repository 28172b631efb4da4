package io.github.influence4j.cli;

import java.util.Arrays;
import java.util.Locale;

/** The drawings of a report, as the paths of SVG in a box of 300 by 100. */
final class ReportCharts {

    private static final double WIDTH = 300;
    private static final double HEIGHT = 100;

    private ReportCharts() {}

    /** The points of a line: scores against their ranks, both on logarithmic axes; empty where there is no line. */
    static String tail(double[] descending) {
        int count = descending.length;
        if (count < 2) {
            return "";
        }
        double top = Math.log(descending[0]);
        double range = Math.max(1e-9, top - Math.log(descending[count - 1]));
        StringBuilder points = new StringBuilder();
        for (int k = 0; k < count; k++) {
            points.append(String.format(
                    Locale.ROOT,
                    "%.1f,%.1f ",
                    WIDTH * Math.log(k + 1.0) / Math.log(count),
                    HEIGHT * (top - Math.log(descending[k])) / range));
        }
        return points.toString().strip();
    }

    /** A bar for each count, its height the logarithm of 1 and the count, so that single scores are seen. */
    static String bars(int[] counts) {
        double highest = Math.log1p(Arrays.stream(counts).max().orElse(1));
        double width = WIDTH / counts.length;
        StringBuilder path = new StringBuilder();
        for (int k = 0; k < counts.length; k++) {
            if (counts[k] > 0) {
                path.append(String.format(
                        Locale.ROOT,
                        "M%.1f %.0fv-%.1fh%.1fv%.1fz",
                        k * width,
                        HEIGHT,
                        HEIGHT * Math.log1p(counts[k]) / highest,
                        Math.max(1, width - 0.5),
                        HEIGHT * Math.log1p(counts[k]) / highest));
            }
        }
        return path.toString();
    }

    /** Where 0 is from the left. */
    static String zero(Distribution of) {
        double range = of.most() - of.least();
        double at = range > 0 ? -of.least() / range : 0.5;
        return String.format(Locale.ROOT, "%.1f", WIDTH * Math.min(1, Math.max(0, at)));
    }
}
