package io.github.influence4j.examples.report;

import java.util.Collection;
import java.util.Locale;

/** Writes numbers for people: the same decimals within a group, a real minus sign, no locale. */
final class ScoreFormat {

    private static final int SIGNIFICANT = 3;
    private static final int MOST_DECIMALS = 8;

    private final int decimals;
    private final double largest;

    private ScoreFormat(int decimals, double largest) {
        this.decimals = decimals;
        this.largest = largest;
    }

    /** Chooses the decimals so that the score of the largest magnitude shows three significant digits. */
    static ScoreFormat of(Collection<Double> scores) {
        double largest = scores.stream()
                .mapToDouble(Math::abs)
                .filter(Double::isFinite)
                .max()
                .orElse(0);
        int decimals = largest > 0 ? SIGNIFICANT - 1 - (int) Math.floor(Math.log10(largest)) : 0;
        return new ScoreFormat(Math.max(0, Math.min(MOST_DECIMALS, decimals)), largest);
    }

    /** The score with its sign. */
    String signed(double score) {
        return fixed(score, decimals, true);
    }

    /** The score, with a sign only where it is negative. */
    String plain(double score) {
        return fixed(score, decimals, false);
    }

    /** The score's magnitude as a percentage of the largest one, for the length of a bar. */
    String bar(double score) {
        return bar(score, largest);
    }

    static String bar(double value, double full) {
        double share = full > 0 ? Math.abs(value) / full : 0;
        return fixed(100 * Math.min(1, share), 1, false);
    }

    static String fixed(double value, int decimals) {
        return fixed(value, decimals, false);
    }

    private static String fixed(double value, int decimals, boolean plus) {
        String format = (plus ? "%+." : "%.") + decimals + "f";
        return String.format(Locale.ROOT, format, value).replace('-', '−');
    }

    /** A share as a percentage without decimals, which says "under" or "over" rather than rounding to 0 or all. */
    static String percent(double share) {
        long rounded = Math.round(100 * share);
        if (rounded == 0 && share > 0) {
            return "under 1 %";
        }
        if (rounded == 100 && share < 1) {
            return "over 99 %";
        }
        return rounded + " %";
    }

    static String grouped(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }
}
