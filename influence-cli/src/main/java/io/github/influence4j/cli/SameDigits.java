package io.github.influence4j.cli;

import java.util.Arrays;
import java.util.Locale;

/** Writes numbers that stand beside each other in one form: the largest has three digits, and the others as many decimals. */
final class SameDigits {

    private static final int DIGITS = 3;
    private static final int MOST_DECIMALS = 9;

    private final int decimals;

    private SameDigits(int decimals) {
        this.decimals = decimals;
    }

    static SameDigits of(double... numbers) {
        double largest = Arrays.stream(numbers)
                .map(Math::abs)
                .filter(Double::isFinite)
                .max()
                .orElse(0);
        return new SameDigits(largest == 0 ? 0 : Math.max(0, DIGITS - 1 - (int) Math.floor(Math.log10(largest))));
    }

    /** With its sign, which says whether it helps. */
    String signed(double number) {
        String form = decimals > MOST_DECIMALS ? "%+.2e" : "%+,." + decimals + "f";
        return String.format(Locale.ROOT, form, number).replace('-', '\u2212');
    }

    String plain(double number) {
        String form = decimals > MOST_DECIMALS ? "%.2e" : "%,." + decimals + "f";
        return String.format(Locale.ROOT, form, number).replace('-', '\u2212');
    }
}
