package io.github.influence4j.examples.report;

import io.github.influence4j.text.tail.PowerLaw;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The largest scores of a query against the share of sequences that reach them, both on logarithmic axes, as SVG that the
 * template draws. A power law is a straight line there.
 *
 * @param axes the frame
 * @param points path of the scores
 * @param law path of the fitted power law
 */
record TailChart(Axes axes, String points, String law) {

    private static final int LEFT = 86;

    /** Part of the sequences that is drawn. */
    private static final double PART = 0.1;

    /** {@code all}: highest first; those that are no finite numbers are left out. Empty where no score is positive. */
    static TailChart of(int width, int height, double[] all, PowerLaw tail) {
        double[] scores = Arrays.stream(all).filter(Double::isFinite).toArray();
        Axes plain = new Axes(width, height, LEFT, "influence at least", "share of sequences");
        if (scores.length == 0 || scores[0] <= 0) {
            return new TailChart(plain, "", "");
        }
        int drawn = 1;
        while (drawn < Math.max(2, (int) (PART * scores.length)) && drawn < scores.length && scores[drawn] > 0) {
            drawn++;
        }
        Decades x = new Decades(Math.log10(scores[drawn - 1]), Math.log10(scores[0]));
        Decades y = new Decades(Math.log10(1.0 / scores.length), Math.log10(drawn / (double) scores.length));
        StringBuilder points = new StringBuilder();
        for (int r = drawn - 1; r >= 0; r--) {
            points.append(points.length() == 0 ? "M" : "L")
                    .append(plain.point(
                            x.share(Math.log10(scores[r])), y.share(Math.log10((r + 1.0) / scores.length))));
        }
        double start = Math.log10(tail.minimum());
        double end = Math.min(x.to(), reach(tail, y.from()));
        String law = "M" + plain.point(x.share(start), y.share(Math.log10(tail.survival(tail.minimum())))) + "L"
                + plain.point(x.share(end), y.share(Math.log10(tail.survival(Math.pow(10, end)))));
        return new TailChart(plain.withTicks(xTicks(plain, x), yTicks(plain, y)), points.toString(), law);
    }

    /** Where the law falls to a share of the sequences. */
    private static double reach(PowerLaw tail, double logShare) {
        double logStart = Math.log10(tail.survival(tail.minimum()));
        return Math.log10(tail.minimum()) + (logStart - logShare) / (tail.alpha() - 1);
    }

    /** A range of logarithms. */
    private record Decades(double from, double to) {
        double share(double value) {
            return (value - from) / Math.max(1e-9, to - from);
        }
    }

    private static List<Axes.Tick> xTicks(Axes axes, Decades x) {
        List<Axes.Tick> ticks = new ArrayList<>();
        for (int decade = (int) Math.floor(x.from()); decade <= x.to(); decade++) {
            for (int digit : new int[] {1, 2, 5}) {
                double at = decade + Math.log10(digit);
                if (at >= x.from() && at <= x.to()) {
                    ticks.add(new Axes.Tick(axes.x(x.share(at)), plain(Math.pow(10, at))));
                }
            }
        }
        return ticks;
    }

    private static List<Axes.Tick> yTicks(Axes axes, Decades y) {
        List<Axes.Tick> ticks = new ArrayList<>();
        for (int decade = (int) Math.ceil(y.from()); decade <= y.to(); decade++) {
            ticks.add(new Axes.Tick(axes.y(y.share(decade)), plain(100 * Math.pow(10, decade)) + " %"));
        }
        return ticks;
    }

    private static String plain(double value) {
        return value >= 1 || value <= 0
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%." + (int) Math.ceil(-Math.log10(value) - 1e-9) + "f", value);
    }
}
