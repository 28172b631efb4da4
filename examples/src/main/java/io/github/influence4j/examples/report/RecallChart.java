package io.github.influence4j.examples.report;

import io.github.influence4j.examples.quickstart.FlipSearch;
import io.github.influence4j.examples.quickstart.RecallCurve;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * The lines of the chart of flipped labels found, as SVG paths that the template draws. Drawn by the template rather than
 * by a chart library because the page's style can then colour it for light and dark, and because AWT's text needs fonts
 * that a plain container does not have.
 *
 * @param kind style class, which picks the size for the screen
 * @param width width of the drawing
 * @param height height of the drawing
 * @param selfInfluence path of EK-FAC's ranking
 * @param loss path of the ranking by loss
 * @param gradientNorm path of the ranking by gradient norm
 * @param random path that a random ranking follows on average
 * @param xTicks marks of the share inspected
 * @param yTicks marks of the share found
 */
record RecallChart(
        String kind,
        int width,
        int height,
        String selfInfluence,
        String loss,
        String gradientNorm,
        String random,
        List<Tick> xTicks,
        List<Tick> yTicks) {

    /** The rest of the ranking adds nothing: all curves have come near the top by then. */
    private static final double PART = 0.2;

    private static final int LEFT = 58;
    private static final int RIGHT_MARGIN = 26;
    private static final int TOP = 34;
    private static final int BOTTOM_MARGIN = 48;
    private static final int LINE_CLEARANCE = 2;

    record Tick(String at, String text) {}

    static RecallChart of(String kind, int width, int height, FlipSearch search) {
        Frame frame = new Frame(width, height);
        return new RecallChart(
                kind,
                width,
                height,
                frame.path(search.selfInfluence()),
                frame.path(search.loss()),
                frame.path(search.gradientNorm()),
                "M" + frame.point(0, 0) + "L" + frame.point(PART, PART),
                IntStream.rangeClosed(0, 4)
                        .mapToObj(k -> new Tick(number(frame.x(PART * k / 4)), 5 * k + " %"))
                        .toList(),
                IntStream.rangeClosed(0, 4)
                        .mapToObj(k -> new Tick(number(frame.y(k / 4.0)), 25 * k + " %"))
                        .toList());
    }

    int left() {
        return LEFT;
    }

    int right() {
        return width - RIGHT_MARGIN;
    }

    int bottom() {
        return height - BOTTOM_MARGIN;
    }

    int labelX() {
        return LEFT - 8;
    }

    int labelY() {
        return bottom() + 21;
    }

    int titleY() {
        return height - 8;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private record Frame(int width, int height) {

        double x(double part) {
            return LEFT + part / PART * (width - LEFT - RIGHT_MARGIN);
        }

        double y(double share) {
            return TOP + (1 - share) * (height - TOP - BOTTOM_MARGIN - LINE_CLEARANCE);
        }

        String point(double part, double share) {
            return number(x(part)) + " " + number(y(share));
        }

        String path(RecallCurve curve) {
            StringBuilder path = new StringBuilder("M").append(point(0, 0));
            int last = (int) Math.floor(PART * curve.size());
            for (int k = 1; k <= last; k++) {
                boolean bend = k == last
                        || curve.found().get(k + 1) - curve.found().get(k)
                                != curve.found().get(k) - curve.found().get(k - 1);
                if (bend) {
                    path.append("L")
                            .append(point(
                                    k / (double) curve.size(), curve.found().get(k) / (double) curve.wanted()));
                }
            }
            return path.toString();
        }
    }
}
