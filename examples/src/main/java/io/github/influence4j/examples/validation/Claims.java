package io.github.influence4j.examples.validation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/**
 * What is said of the estimators, held against the rows. What is said within a standard error is not judged where one network gives
 * none.
 */
final class Claims {

    private static final double SMALL_RESIDUAL = 1e-3;
    private static final double CALIBRATED = 0.1;

    private final List<BedResult> beds;

    Claims(List<BedResult> beds) {
        this.beds = beds;
    }

    List<Claim> all() {
        List<Claim> claims = new ArrayList<>();
        exactPredictsResponses("regression", false, 0.99).ifPresent(claims::add);
        exactPredictsResponses("classification", true, 0.98).ifPresent(claims::add);
        claims.add(residuals());
        aboveDotProduct("", 0).ifPresent(claims::add);
        aboveDotProduct("concrete", 0.1).ifPresent(claims::add);
        notBelowKfac().ifPresent(claims::add);
        claims.add(fewerFlops());
        solvers().ifPresent(claims::add);
        claims.add(cgIsExact());
        claims.add(ldsOrder(DampingLevel.DETAIL));
        claims.add(ldsOrder(DampingLevel.RETRAINING));
        return claims;
    }

    private Optional<Claim> exactPredictsResponses(String kind, boolean classes, double threshold) {
        Worst worst = new Worst();
        for (BedResult bed : beds) {
            if (bed.source().equals("digits") == classes) {
                for (DampingLevel level : DampingLevel.ALL) {
                    if (!level.relative()) {
                        worst.see(pearson(bed, level, EstimatorNames.EXACT), bed.dataset() + ", " + level.inWords());
                    }
                }
            }
        }
        return worst.claim(
                "The exact damped Gauss-Newton matrix predicts proximal Bregman responses (" + kind + ", λ ≥ 0.01)",
                "lowest Pearson",
                threshold);
    }

    private Claim residuals() {
        String measured = beds.stream()
                .flatMap(bed -> bed.truths().stream()
                        .map(truth -> String.format(
                                Locale.ROOT,
                                "%s, %s: median %s, largest %s, %d of %d within %s",
                                bed.dataset(),
                                truth.damping(),
                                NumberWords.power(truth.medianResidual()),
                                NumberWords.power(truth.largestResidual()),
                                truth.converged(),
                                truth.searches(),
                                NumberWords.power(1e-5))))
                .collect(Collectors.joining("; "));
        double largest = beds.stream()
                .flatMap(bed -> bed.truths().stream())
                .mapToDouble(BedResult.Truth::largestResidual)
                .max()
                .orElse(Double.NaN);
        return new Claim(
                "The search for proximal Bregman responses ends where the gradient, or at a kink the smallest combination of those"
                        + " around, is small",
                measured,
                "largest relative residual ≤ " + NumberWords.power(SMALL_RESIDUAL),
                largest <= SMALL_RESIDUAL);
    }

    private Optional<Claim> aboveDotProduct(String source, double threshold) {
        Worst worst = new Worst();
        for (BedResult bed : beds) {
            if (source.isEmpty() || bed.source().equals(source)) {
                for (DampingLevel level : DampingLevel.ALL) {
                    if (level.value() <= CALIBRATED) {
                        double gain = pearson(bed, level, EstimatorNames.EKFAC)
                                - pearson(bed, level, EstimatorNames.DOT_PRODUCT);
                        worst.see(gain, bed.dataset() + ", " + level.inWords());
                    }
                }
            }
        }
        String where = source.isEmpty() ? "every data set" : source;
        return worst.claim(
                "EK-FAC follows the responses better than the dot product (" + where + ", λ ≤ 0.1)",
                "lowest gain in Pearson",
                threshold == 0 ? Double.MIN_VALUE : threshold);
    }

    private Optional<Claim> notBelowKfac() {
        Worst worst = new Worst();
        for (BedResult bed : beds) {
            for (DampingLevel level : DampingLevel.ALL) {
                ValidationRow ekfac = row(bed, level, EstimatorNames.EKFAC);
                double slack = pearson(bed, level, EstimatorNames.EKFAC)
                        - pearson(bed, level, EstimatorNames.KFAC)
                        + ekfac.pearsonPbrfSe().orElse(0);
                worst.see(slack, bed.dataset() + ", " + level.inWords());
            }
        }
        return worst.claim(
                        "EK-FAC is never below K-FAC by more than its standard error",
                        "lowest difference in Pearson, plus a standard error",
                        0)
                .map(this::ifErrorsAreKnown);
    }

    private Claim ifErrorsAreKnown(Claim claim) {
        boolean known = beds.stream().flatMap(bed -> bed.rows().stream()).allMatch(row -> row.seeds() > 1);
        return new Claim(claim.claim(), claim.measured(), claim.threshold(), claim.holds(), known);
    }

    private Claim fewerFlops() {
        Worst worst = new Worst();
        List<String> words = new ArrayList<>();
        for (BedResult bed : beds) {
            BedResult.Cost cost = bed.cost();
            worst.see(cost.flopRatio(), bed.dataset());
            words.add(String.format(
                    Locale.ROOT,
                    "%s: %s against %s flops (%.0f times; with the exact output Hessian %.0f times; Pearson %s, with the exact"
                            + " output Hessian %s); fit %.0f ms and queries %.0f ms against %.0f ms; cheaper from %.0f queries"
                            + " by flops, %.0f by time",
                    bed.dataset(),
                    NumberWords.power(cost.ekfacFlops()),
                    NumberWords.power(cost.lissaFlops()),
                    cost.flopRatio(),
                    cost.exactHessianFlopRatio(),
                    NumberWords.correlation(sampledPearson(bed, DampingLevel.DETAIL)),
                    NumberWords.correlation(pearson(bed, DampingLevel.DETAIL, EstimatorNames.EKFAC)),
                    cost.ekfacFitMillis(),
                    cost.ekfacQueryMillis(),
                    cost.lissaMillis(),
                    cost.breakEvenQueriesByFlops(),
                    cost.breakEvenQueries()));
        }
        return new Claim(
                "EK-FAC with sampled labels, fit included, needs at least 20 times fewer flops than LiSSA with depth N for the"
                        + " study's queries",
                String.join("; ", words),
                "ratio ≥ 20 on every data set",
                worst.value >= 20);
    }

    private Optional<Claim> solvers() {
        Worst worst = new Worst();
        for (BedResult bed : beds) {
            worst.see(pearson(bed, DampingLevel.DETAIL, EstimatorNames.ASTRA), "ASTRA, " + bed.dataset());
            worst.see(bed.preconditionedCgPearson(), "preconditioned CG, " + bed.dataset());
        }
        return worst.claim("ASTRA and preconditioned CG reach the exact solution (λ = 0.01)", "lowest Pearson", 0.95);
    }

    private Claim cgIsExact() {
        double largest = beds.stream().mapToDouble(BedResult::cgDistance).max().orElse(Double.NaN);
        return new Claim(
                "Conjugate gradients and the exact solver agree (λ = 0.01)",
                "largest relative difference of scores " + NumberWords.power(largest),
                "≤ " + NumberWords.power(1e-6),
                largest <= 1e-6);
    }

    /** Each step of the order may miss by the larger standard error of the two. */
    private Claim ldsOrder(DampingLevel level) {
        List<String> words = new ArrayList<>();
        long sources = beds.stream().map(BedResult::source).distinct().count();
        long ordered = beds.stream()
                .filter(bed -> {
                    ValidationRow dot = row(bed, level, EstimatorNames.DOT_PRODUCT);
                    ValidationRow ekfac = row(bed, level, EstimatorNames.EKFAC);
                    ValidationRow exact = row(bed, level, EstimatorNames.EXACT);
                    words.add(String.format(
                            Locale.ROOT, "%s: %s, %s, %s", bed.dataset(), lds(dot), lds(ekfac), lds(exact)));
                    return value(dot.lds()) < value(ekfac.lds()) + error(dot, ekfac)
                            && value(ekfac.lds()) <= value(exact.lds()) + error(ekfac, exact);
                })
                .map(BedResult::source)
                .distinct()
                .count();
        long needed = Math.min(2, sources);
        return ifErrorsAreKnown(new Claim(
                "Linear datamodelling score: dot product < EK-FAC ≤ exact GGN within standard errors ("
                        + level.inWords() + ")",
                String.join("; ", words),
                "on " + needed + " of " + sources + " data sets or more",
                ordered >= needed));
    }

    private static double error(ValidationRow a, ValidationRow b) {
        return Math.max(a.ldsSe().orElse(0), b.ldsSe().orElse(0));
    }

    private static String lds(ValidationRow row) {
        String score = row.estimator() + " " + NumberWords.correlation(value(row.lds()));
        return row.ldsSe().isPresent()
                ? score + " ± " + NumberWords.correlation(row.ldsSe().getAsDouble())
                : score;
    }

    private static double sampledPearson(BedResult bed, DampingLevel level) {
        return bed.sampledRows().stream()
                .filter(row -> row.damping().equals(level.kind()) && row.lambda() == level.value())
                .mapToDouble(row -> value(row.pearsonPbrf()))
                .findFirst()
                .orElse(Double.NaN);
    }

    private static double pearson(BedResult bed, DampingLevel level, String estimator) {
        return value(row(bed, level, estimator).pearsonPbrf());
    }

    private static ValidationRow row(BedResult bed, DampingLevel level, String estimator) {
        return bed.row(level.kind(), level.value(), estimator);
    }

    private static double value(OptionalDouble value) {
        return value.orElse(Double.NaN);
    }

    /** The lowest value that was seen; NaN, from an estimator that diverged, is lower than any. */
    private static final class Worst {
        private double value = Double.POSITIVE_INFINITY;
        private String where = "nowhere";

        void see(double candidate, String place) {
            if (!(candidate >= value)) {
                value = Double.isNaN(candidate) ? Double.NEGATIVE_INFINITY : candidate;
                where = place;
            }
        }

        /** Empty where the run had no data set of the kind. */
        Optional<Claim> claim(String claim, String what, double threshold) {
            if (value == Double.POSITIVE_INFINITY) {
                return Optional.empty();
            }
            String limit = threshold == Double.MIN_VALUE ? "> 0" : "≥ " + threshold;
            String measured = what + " " + NumberWords.correlation(value) + " (" + where + ")";
            return Optional.of(new Claim(claim, measured, limit, value >= threshold));
        }
    }
}
