package io.github.influence4j.examples.report;

import io.github.influence4j.examples.validation.BedResult;
import io.github.influence4j.examples.validation.ValidationRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Where EK-FAC wins and loses, in sentences. */
final class ValidationFindings {

    private static final String DOT = "dot product";
    private static final String EKFAC = "EK-FAC";
    private static final String LISSA = "LiSSA";
    private static final String BLOCK = "exact block GGN";
    private static final String EXACT = "exact GGN";

    private ValidationFindings() {}

    static List<String> of(List<BedResult> beds) {
        List<String> sentences = new ArrayList<>();
        for (BedResult bed : beds) {
            sentences.add(losses(bed));
            sentences.add(split(bed));
        }
        beds.forEach(bed -> bed.divergences()
                .forEach((estimator, times) -> sentences.add(bed.dataset() + ": " + estimator + " diverged " + times
                        + " time" + (times == 1 ? "" : "s") + " and is left out of the means there.")));
        return sentences;
    }

    private static String losses(BedResult bed) {
        List<ValidationRow> ekfac = rows(bed, EKFAC);
        String gaps = ekfac.stream()
                .map(row -> String.format(
                        Locale.ROOT,
                        "%s at %s (LiSSA %s, dot product %s)",
                        signed(pearson(row) - pearson(sibling(bed, row, EXACT))),
                        damping(row),
                        signed(pearson(sibling(bed, row, LISSA)) - pearson(row)),
                        signed(pearson(sibling(bed, row, DOT)) - pearson(row))))
                .collect(Collectors.joining("; "));
        ValidationRow best = ekfac.stream()
                .max(Comparator.comparingDouble((ValidationRow row) -> row.lds().orElse(-1)))
                .orElseThrow();
        return String.format(
                Locale.ROOT,
                "%s: EK-FAC's Pearson against the exact Gauss-Newton matrix's is %s; in brackets what the others have more than"
                        + " EK-FAC. Retrained models agree with EK-FAC most at %s (score %.3f; exact there %.3f).",
                bed.dataset(),
                gaps,
                damping(best),
                best.lds().orElse(Double.NaN),
                sibling(bed, best, EXACT).lds().orElse(Double.NaN));
    }

    /** How much of the loss is dropped cross-layer blocks, how much the Kronecker basis. */
    private static String split(BedResult bed) {
        ValidationRow worst = rows(bed, EKFAC).stream()
                .max(Comparator.comparingDouble(
                        (ValidationRow row) -> pearson(sibling(bed, row, EXACT)) - pearson(row)))
                .orElseThrow();
        double exact = pearson(sibling(bed, worst, EXACT));
        double block = pearson(sibling(bed, worst, BLOCK));
        return String.format(
                Locale.ROOT,
                "%s: it loses most at %s. Of the %.3f lost there, %.3f is what couples the layers (exact against exact block),"
                        + " %.3f the Kronecker eigenbasis and its sampled labels (exact block against EK-FAC).",
                bed.dataset(),
                damping(worst),
                exact - pearson(worst),
                exact - block,
                block - pearson(worst));
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
