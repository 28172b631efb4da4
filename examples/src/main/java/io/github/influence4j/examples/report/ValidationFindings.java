package io.github.influence4j.examples.report;

import io.github.influence4j.examples.validation.BedResult;
import io.github.influence4j.examples.validation.NumberWords;
import io.github.influence4j.examples.validation.ValidationRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Where EK-FAC wins and loses, in sentences and numbers. */
final class ValidationFindings {

    private static final String DOT = "dot product";
    private static final String KFAC = "K-FAC";
    private static final String EKFAC = "EK-FAC";
    private static final String LISSA = "LiSSA";
    private static final String BLOCK = "exact block GGN";
    private static final String EXACT = "exact GGN";

    private ValidationFindings() {}

    /**
     * Where EK-FAC's distance to the exact solution comes from, at one damping, in Pearson with the response.
     *
     * @param damping in words
     * @param exact of the exact Gauss-Newton matrix
     * @param layers lost by taking what couples two layers as 0
     * @param basis lost by the Kronecker eigenbasis
     * @param ekfac what is left
     * @param eigenvalues what K-FAC's eigenvalues lose beyond that; negative where they gain
     * @param lissa LiSSA's, less EK-FAC's
     * @param dot the dot product's, less EK-FAC's
     */
    record Split(
            String damping,
            String exact,
            String layers,
            String basis,
            String ekfac,
            String eigenvalues,
            String lissa,
            String dot) {}

    static List<String> of(List<BedResult> beds) {
        List<String> sentences = new ArrayList<>();
        for (BedResult bed : beds) {
            sentences.add(loses(bed));
            sentences.add(retrained(bed));
        }
        beds.forEach(bed -> bed.divergences()
                .forEach((estimator, times) -> sentences.add(bed.dataset() + ": " + estimator + " diverged " + times
                        + " time" + (times == 1 ? "" : "s") + " and is left out of the means there.")));
        return sentences;
    }

    static List<Split> splits(BedResult bed) {
        return rows(bed, EKFAC).stream()
                .map(row -> new Split(
                        damping(row),
                        ScoreFormat.fixed(pearson(sibling(bed, row, EXACT)), 3),
                        signed(pearson(sibling(bed, row, BLOCK)) - pearson(sibling(bed, row, EXACT))),
                        signed(pearson(row) - pearson(sibling(bed, row, BLOCK))),
                        ScoreFormat.fixed(pearson(row), 3),
                        signed(pearson(sibling(bed, row, KFAC)) - pearson(row)),
                        signed(pearson(sibling(bed, row, LISSA)) - pearson(row)),
                        signed(pearson(sibling(bed, row, DOT)) - pearson(row))))
                .toList();
    }

    private static String loses(BedResult bed) {
        List<ValidationRow> ekfac = rows(bed, EKFAC);
        ValidationRow worst = ekfac.stream()
                .max(Comparator.comparingDouble((ValidationRow row) -> behind(bed, row)))
                .orElseThrow();
        ValidationRow best = ekfac.stream()
                .min(Comparator.comparingDouble((ValidationRow row) -> behind(bed, row)))
                .orElseThrow();
        return String.format(
                Locale.ROOT,
                "%s: EK-FAC loses most at %s, where its correlation with the response is %s and the exact matrix's %s (LiSSA"
                        + " %s, dot product %s), and least at %s, where it is %s against %s.",
                bed.dataset(),
                damping(worst),
                written(worst),
                written(sibling(bed, worst, EXACT)),
                written(sibling(bed, worst, LISSA)),
                written(sibling(bed, worst, DOT)),
                damping(best),
                written(best),
                written(sibling(bed, best, EXACT)));
    }

    private static String written(ValidationRow row) {
        return NumberWords.correlation(pearson(row));
    }

    private static double behind(BedResult bed, ValidationRow ekfac) {
        return pearson(sibling(bed, ekfac, EXACT)) - pearson(ekfac);
    }

    private static String retrained(BedResult bed) {
        ValidationRow best = rows(bed, EKFAC).stream()
                .max(Comparator.comparingDouble((ValidationRow row) -> row.lds().orElse(-1)))
                .orElseThrow();
        ValidationRow bestExact = rows(bed, EXACT).stream()
                .max(Comparator.comparingDouble((ValidationRow row) -> row.lds().orElse(-1)))
                .orElseThrow();
        return String.format(
                Locale.ROOT,
                "%s: retrained models agree with EK-FAC most at %s (score %s), with the exact matrix at %s (%s); the dot"
                        + " product has %s.",
                bed.dataset(),
                damping(best),
                NumberWords.correlation(best.lds().orElse(Double.NaN)),
                damping(bestExact),
                NumberWords.correlation(bestExact.lds().orElse(Double.NaN)),
                NumberWords.correlation(sibling(bed, best, DOT).lds().orElse(Double.NaN)));
    }

    private static List<ValidationRow> rows(BedResult bed, String estimator) {
        return bed.rows().stream()
                .filter(row -> row.estimator().equals(estimator))
                .toList();
    }

    private static ValidationRow sibling(BedResult bed, ValidationRow row, String estimator) {
        return bed.row(row.damping(), row.lambda(), estimator);
    }

    private static double pearson(ValidationRow row) {
        return row.pearsonPbrf().orElse(Double.NaN);
    }

    private static String signed(double value) {
        return Double.isNaN(value)
                ? "diverged"
                : String.format(Locale.ROOT, "%+.3f", value).replace('-', '−');
    }

    static String damping(ValidationRow row) {
        return row.damping().equals("relative") ? row.lambda() + " × mean eigenvalue" : "λ = " + row.lambda();
    }
}
