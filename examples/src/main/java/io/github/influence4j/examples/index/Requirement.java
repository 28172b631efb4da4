package io.github.influence4j.examples.index;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * A number that was asked for before the study ran, beside what it found.
 *
 * @param text what was asked for
 * @param least the least value
 * @param most the greatest value
 * @param found what was found
 */
public record Requirement(String text, double least, double most, double found) {

    static final String SIGNS = "signs";
    static final String COORDINATES = "coordinates";
    static final String WHITENED = "two-sided projection, whitened";
    static final String PLAIN = "two-sided projection, not whitened";

    boolean holds() {
        return found >= least && found <= most;
    }

    /** What can be said of the representations that were measured. */
    static List<Requirement> of(List<Measured> rows) {
        List<Requirement> all = new ArrayList<>();
        least(all, rows, "recall@10", SIGNS, 0.25, 0.75, row -> mean(row.helpful()));
        least(all, rows, "recall@10", SIGNS, 1, 0.87, row -> mean(row.helpful()));
        least(all, rows, "recall@10 after 5 % were scored again", SIGNS, 0.25, 0.97, row -> mean(row.candidates()));
        least(all, rows, "Spearman", COORDINATES, 1, 0.92, row -> mean(row.spearman()));
        least(all, rows, "Spearman of the worst question", COORDINATES, 1, 0.85, Requirement::worst);
        least(all, rows, "Spearman", COORDINATES, 5, 0.985, row -> mean(row.spearman()));
        least(all, rows, "recall@10", COORDINATES, 5, 0.93, row -> mean(row.helpful()));
        for (Measured row : rows) {
            if (row.name().equals(COORDINATES)) {
                find(rows, WHITENED, row.percent())
                        .ifPresent(other -> all.add(new Requirement(
                                "Spearman of " + said(row) + " less that of whitened int8",
                                0.25,
                                1,
                                mean(row.spearman()) - mean(other.spearman()))));
            }
            if (row.name().equals(SIGNS)) {
                String of = " within two standard errors, " + said(row);
                all.add(new Requirement("share of all pairs" + of, 0.93, 0.98, mean(row.within())));
                all.add(new Requirement("share of the true top 10" + of, 0.90, 1, mean(row.withinTop())));
                find(rows, WHITENED, row.percent())
                        .ifPresent(other -> all.add(new Requirement(
                                "recall@10 of " + said(row) + " less that of whitened int8",
                                0.10,
                                1,
                                mean(row.helpful()) - mean(other.helpful()))));
            }
        }
        return all;
    }

    private static void least(
            List<Requirement> all,
            List<Measured> rows,
            String what,
            String name,
            double percent,
            double least,
            ToDoubleFunction<Measured> value) {
        find(rows, name, percent)
                .ifPresent(
                        row -> all.add(new Requirement(what + " of " + said(row), least, 1, value.applyAsDouble(row))));
    }

    private static String said(Measured row) {
        return String.format(Locale.ROOT, "%s at %s %%", row.name(), row.percent());
    }

    private static Optional<Measured> find(List<Measured> rows, String name, double percent) {
        return rows.stream()
                .filter(row -> row.name().equals(name) && row.percent() == percent)
                .findFirst();
    }

    static double worst(Measured row) {
        return Arrays.stream(row.spearman()).min().orElse(Double.NaN);
    }

    static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }
}
