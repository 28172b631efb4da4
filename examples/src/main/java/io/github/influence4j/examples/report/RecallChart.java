package io.github.influence4j.examples.report;

import io.github.influence4j.examples.quickstart.FlipSearch;
import io.github.influence4j.examples.quickstart.RecallCurve;
import java.util.stream.IntStream;

/**
 * The lines of the chart of flipped labels found, as SVG paths that the template draws. Drawn by the template rather than
 * by a chart library because the page's style can then colour it for light and dark, and because AWT's text needs fonts
 * that a plain container does not have.
 *
 * @param kind style class, which picks the size for the screen
 * @param axes the frame
 * @param selfInfluence path of EK-FAC's ranking
 * @param loss path of the ranking by loss
 * @param gradientNorm path of the ranking by gradient norm
 * @param random path that a random ranking follows on average
 */
record RecallChart(String kind, Axes axes, String selfInfluence, String loss, String gradientNorm, String random) {

    /** The rest of the ranking adds nothing: all curves have come near the top by then. */
    private static final double PART = 0.2;

    private static final int LEFT = 58;

    static RecallChart of(String kind, int width, int height, FlipSearch search) {
        Axes plain = new Axes(width, height, LEFT, "training set inspected", "flipped labels found");
        Axes axes = plain.withTicks(
                IntStream.rangeClosed(0, 4)
                        .mapToObj(k -> new Axes.Tick(plain.x(k / 4.0), 5 * k + " %"))
                        .toList(),
                IntStream.rangeClosed(0, 4)
                        .mapToObj(k -> new Axes.Tick(plain.y(k / 4.0), 25 * k + " %"))
                        .toList());
        return new RecallChart(
                kind,
                axes,
                path(axes, search.selfInfluence()),
                path(axes, search.loss()),
                path(axes, search.gradientNorm()),
                "M" + axes.point(0, 0) + "L" + axes.point(1, PART));
    }

    private static String path(Axes axes, RecallCurve curve) {
        StringBuilder path = new StringBuilder("M").append(axes.point(0, 0));
        int last = (int) Math.floor(PART * curve.size());
        for (int k = 1; k <= last; k++) {
            boolean bend = k == last
                    || curve.found().get(k + 1) - curve.found().get(k)
                            != curve.found().get(k) - curve.found().get(k - 1);
            if (bend) {
                path.append("L")
                        .append(axes.point(
                                k / (PART * curve.size()), curve.found().get(k) / (double) curve.wanted()));
            }
        }
        return path.toString();
    }
}
