package io.github.influence4j.baselines.retraining;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.math3.stat.StatUtils;

/**
 * How far the queries' loss rose without what each method found.
 *
 * @param whole the queries' loss where nothing was removed
 * @param points by method, {@link #RANDOM} first, its points from the first count to the last
 */
@SuppressWarnings("ArrayRecordComponent") // tables of results, never compared
public record RemovalCurves(double[] whole, Map<String, List<Point>> points) {

    /** The name of removal by chance. */
    public static final String RANDOM = "random examples";

    private static final long BOOTSTRAP_SEED = 1;

    /**
     * A point of a curve.
     *
     * @param count examples that were removed for each query
     * @param removed examples that a training was without, the mean over groups of queries
     * @param rises the rise of each query's loss
     */
    public record Point(int count, double removed, double[] rises) {

        /**
         * Averages over the queries.
         *
         * @return the mean rise
         */
        public double mean() {
            return StatUtils.mean(rises);
        }
    }

    /** Copies the map. */
    public RemovalCurves {
        points = Collections.unmodifiableMap(new LinkedHashMap<>(points));
    }

    /**
     * Finds a point.
     *
     * @param method name of a method
     * @param count examples removed for each query
     * @return the point
     * @throws IllegalArgumentException if there is no such method or count
     */
    public Point point(String method, int count) {
        return points.getOrDefault(method, List.of()).stream()
                .filter(point -> point.count() == count)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "no removal of " + count + " by " + method + "; there are " + points.keySet()));
    }

    /**
     * Compares two methods over the queries.
     *
     * @param method name of a method
     * @param other name of another, {@link #RANDOM} for instance
     * @param count examples removed for each query
     * @return by how much more the loss rises without what the first found, with its interval
     * @throws IllegalArgumentException if there is no such method or count
     */
    public PairedBootstrap difference(String method, String other, int count) {
        return PairedBootstrap.of(
                point(method, count).rises(), point(other, count).rises(), BOOTSTRAP_SEED);
    }

    /**
     * Prints a Markdown table of all points, each compared with random examples.
     *
     * @return the table
     */
    public String table() {
        return table(RANDOM);
    }

    /**
     * Prints a Markdown table of all points, each compared with random examples and with one method.
     *
     * @param other the method that all are compared with besides
     * @return the table
     * @throws IllegalArgumentException if there is no such method
     */
    public String table(String other) {
        boolean more = !other.equals(RANDOM);
        StringBuilder text =
                new StringBuilder("| removed for each query | method | examples removed | rise of the loss |"
                        + " less random's (95 % interval) |"
                        + (more ? " less that of " + other + " (95 % interval) |" : "")
                        + "\n|---|---|---|---|---|" + (more ? "---|" : "") + "\n");
        for (Point first : points.getOrDefault(RANDOM, List.of())) {
            int count = first.count();
            for (String method : points.keySet()) {
                Point point = point(method, count);
                text.append(String.format(
                        Locale.ROOT,
                        "| %d | %s | %.0f | %.3f | %s |",
                        count,
                        method,
                        point.removed(),
                        point.mean(),
                        said(method, RANDOM, count)));
                text.append(more ? " " + said(method, other, count) + " |" : "").append('\n');
            }
        }
        return text.toString();
    }

    private String said(String method, String other, int count) {
        if (method.equals(other)) {
            return "–";
        }
        PairedBootstrap difference = difference(method, other, count);
        return String.format(
                Locale.ROOT, "%.3f (%.3f to %.3f)", difference.difference(), difference.low(), difference.high());
    }
}
