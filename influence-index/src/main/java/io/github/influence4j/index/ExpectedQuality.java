package io.github.influence4j.index;

import java.util.Optional;

/**
 * How near the estimates of a section came to full EK-FAC scores where that was measured: two language models, one of 10,000 sequences and
 * .8 million tracked weights and one of 2,000 and 80 million, in the mean. Other models, data and λ give other figures;
 * {@link IndexScoring#audit} says what an index has. Source: docs/results/index.md, its two tables of 10,000 sequences and of a published
 * model.
 *
 * @param recall share of the ten highest scores of a question that are among its ten highest estimates
 * @param spearman rank correlation of estimates and scores over the training set
 */
public record ExpectedQuality(double recall, double spearman) {

    /** What was measured at a size, in percent of a gradient in float32. */
    private record Measured(double percent, double recall, double spearman) {}

    private static final Measured[] SIGNS = {new Measured(0.25, 0.916, 0.674), new Measured(1, 0.970, 0.853)};

    /** 5 percent of the first model alone. */
    private static final Measured[] COORDINATES = {
        new Measured(0.25, 0.692, 0.789), new Measured(1, 0.848, 0.904), new Measured(5, 0.968, 0.985)
    };

    static Optional<ExpectedQuality> ofSigns(double percent) {
        return between(SIGNS, percent);
    }

    static Optional<ExpectedQuality> ofCoordinates(double percent) {
        return between(COORDINATES, percent);
    }

    /** On lines over the logarithm of the size; nothing outside of what was measured. */
    private static Optional<ExpectedQuality> between(Measured[] all, double percent) {
        for (int k = 1; k < all.length; k++) {
            Measured low = all[k - 1];
            Measured high = all[k];
            double share = Math.log(percent / low.percent) / Math.log(high.percent / low.percent);
            // a size in whole words may be somewhat less than was asked for
            if (share > -0.05 && share < 1.05) {
                double within = Math.min(1, Math.max(0, share));
                return Optional.of(new ExpectedQuality(
                        low.recall + within * (high.recall - low.recall),
                        low.spearman + within * (high.spearman - low.spearman)));
            }
        }
        return Optional.empty();
    }
}
