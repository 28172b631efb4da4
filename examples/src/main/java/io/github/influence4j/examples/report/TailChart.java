package io.github.influence4j.examples.report;

import io.github.influence4j.text.tail.PowerLaw;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The largest scores of a query against the share of sequences that reach them, both on logarithmic axes, as SVG that the
 * template draws. A power law is a straight line there.
 *
 * @param width width of the drawing
 * @param height height of the drawing
 * @param points path of the scores
 * @param law path of the fitted power law
 * @param xTicks marks of the scores
 * @param yTicks marks of the shares
 */
record TailChart(int width, int height, String points, String law, List<Tick> xTicks, List<Tick> yTicks) {

    private static final int LEFT = 86;
    private static final int RIGHT_MARGIN = 26;
    private static final int TOP = 34;
    private static final int BOTTOM_MARGIN = 48;

    /** Part of the sequences that is drawn. */
    private static final double PART = 0.1;

    record Tick(String at, String text) {}

    /** {@code scores}: highest first. */
    static TailChart of(int width, int height, double[] scores, PowerLaw tail) {
        int drawn = 1;
        while (drawn < Math.max(2, (int) (PART * scores.length)) && drawn < scores.length && scores[drawn] > 0) {
            drawn++;
        }
        Frame frame = new Frame(
                width,
                height,
                Math.log10(scores[drawn - 1]),
                Math.log10(scores[0]),
                Math.log10(1.0 / scores.length),
                Math.log10(drawn / (double) scores.length));
        StringBuilder points = new StringBuilder();
        for (int r = drawn - 1; r >= 0; r--) {
            points.append(points.length() == 0 ? "M" : "L")
                    .append(frame.point(Math.log10(scores[r]), Math.log10((r + 1.0) / scores.length)));
        }
        double start = Math.log10(tail.minimum());
        double end = Math.min(frame.toX, reach(tail, frame.fromY));
        String law = "M" + frame.point(start, Math.log10(tail.survival(tail.minimum()))) + "L"
                + frame.point(end, Math.log10(tail.survival(Math.pow(10, end))));
        return new TailChart(width, height, points.toString(), law, frame.xTicks(), frame.yTicks());
    }

    /** Where the law falls to a share of the sequences. */
    private static double reach(PowerLaw tail, double logShare) {
        double logStart = Math.log10(tail.survival(tail.minimum()));
        return Math.log10(tail.minimum()) + (logStart - logShare) / (tail.alpha() - 1);
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

    private record Frame(int width, int height, double fromX, double toX, double fromY, double toY) {

        String point(double x, double y) {
            return number(x(x)) + " " + number(y(y));
        }

        double x(double value) {
            return LEFT + (value - fromX) / Math.max(1e-9, toX - fromX) * (width - LEFT - RIGHT_MARGIN);
        }

        double y(double value) {
            return TOP + (toY - value) / Math.max(1e-9, toY - fromY) * (height - TOP - BOTTOM_MARGIN);
        }

        List<Tick> xTicks() {
            List<Tick> ticks = new ArrayList<>();
            for (int decade = (int) Math.floor(fromX); decade <= toX; decade++) {
                for (int digit : new int[] {1, 2, 5}) {
                    double at = decade + Math.log10(digit);
                    if (at >= fromX && at <= toX) {
                        ticks.add(new Tick(number(x(at)), plain(Math.pow(10, at))));
                    }
                }
            }
            return ticks;
        }

        List<Tick> yTicks() {
            List<Tick> ticks = new ArrayList<>();
            for (int decade = (int) Math.ceil(fromY); decade <= toY; decade++) {
                ticks.add(new Tick(number(y(decade)), plain(100 * Math.pow(10, decade)) + " %"));
            }
            return ticks;
        }
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static String plain(double value) {
        return value >= 1 || value <= 0
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%." + (int) Math.ceil(-Math.log10(value) - 1e-9) + "f", value);
    }
}
