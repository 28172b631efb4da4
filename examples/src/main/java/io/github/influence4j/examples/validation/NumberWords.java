package io.github.influence4j.examples.validation;

import java.util.Locale;

/** Writes the numbers of the study: each kind in one form, with a real minus sign, in no locale. */
public final class NumberWords {

    private static final int DECIMALS = 3;
    private static final String SUPERSCRIPTS = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";

    private NumberWords() {}

    /**
     * Writes a correlation, or a difference of two.
     *
     * @param value the number
     * @return three decimals; "diverged" for what is no number
     */
    public static String correlation(double value) {
        return Double.isNaN(value)
                ? "diverged"
                : String.format(Locale.ROOT, "%." + DECIMALS + "f", value).replace('-', '\u2212');
    }

    /**
     * Writes a number whose size says more than its digits.
     *
     * @param value the number
     * @return two digits and a power of ten, such as 6.2 \u00d7 10\u207b\u2076
     */
    public static String power(double value) {
        if (value == 0 || Double.isNaN(value) || Double.isInfinite(value)) {
            return value == 0 ? "0" : Double.isNaN(value) ? "unknown" : "infinite";
        }
        String[] parts = String.format(Locale.ROOT, "%.1e", value).split("e", 2);
        int exponent = Integer.parseInt(parts[1]);
        StringBuilder written = new StringBuilder(parts[0].replace('-', '\u2212')).append(" \u00d7 10");
        if (exponent < 0) {
            written.append('\u207b');
        }
        Integer.toString(Math.abs(exponent)).chars().forEach(digit -> written.append(SUPERSCRIPTS.charAt(digit - '0')));
        return written.toString();
    }
}
