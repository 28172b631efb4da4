package io.github.influence4j.examples.report;

import java.util.List;
import java.util.Locale;

/**
 * The frame of a chart, as SVG that a template draws: titles, marks and grid lines around the plot.
 *
 * @param width width of the drawing
 * @param height height of the drawing
 * @param left where the plot begins, with room for the marks of y before it
 * @param xTitle what x is
 * @param yTitle what y is
 * @param xTicks marks of x
 * @param yTicks marks of y
 */
record Axes(int width, int height, int left, String xTitle, String yTitle, List<Tick> xTicks, List<Tick> yTicks) {

    static final int TOP = 34;

    private static final int RIGHT_MARGIN = 26;
    private static final int BOTTOM_MARGIN = 48;

    record Tick(String at, String text) {
        Tick(double at, String text) {
            this(number(at), text);
        }
    }

    /** Without marks, which need to know where the plot is. */
    Axes(int width, int height, int left, String xTitle, String yTitle) {
        this(width, height, left, xTitle, yTitle, List.of(), List.of());
    }

    Axes withTicks(List<Tick> x, List<Tick> y) {
        return new Axes(width, height, left, xTitle, yTitle, x, y);
    }

    /** Where a share of the plot's width lies. */
    double x(double share) {
        return left + share * (right() - left);
    }

    /** Where a share of the plot's height, from below, lies. */
    double y(double share) {
        return bottom() - share * (bottom() - TOP);
    }

    String point(double xShare, double yShare) {
        return number(x(xShare)) + " " + number(y(yShare));
    }

    int right() {
        return width - RIGHT_MARGIN;
    }

    int bottom() {
        return height - BOTTOM_MARGIN;
    }

    int labelX() {
        return left - 8;
    }

    int labelY() {
        return bottom() + 21;
    }

    int titleY() {
        return height - 8;
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
