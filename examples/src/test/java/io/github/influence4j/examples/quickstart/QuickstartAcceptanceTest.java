package io.github.influence4j.examples.quickstart;

import static io.github.influence4j.examples.quickstart.ExactAgreement.DIAGONAL;
import static io.github.influence4j.examples.quickstart.ExactAgreement.DOT_PRODUCT;
import static io.github.influence4j.examples.quickstart.ExactAgreement.EKFAC;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ProgressListener;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the quickstart promises, on all of the digits, for several seeds. */
class QuickstartAcceptanceTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void findsTheFlippedLabelsAndComesClosestToTheExactSolution(long seed) {
        QuickstartResult result =
                new Quickstart(QuickstartOptions.defaults().withSeed(seed), ProgressListener.silent()).run();

        double found = result.search().selfInfluence().shareAt(0.2);
        EstimatorQuality ekfac = result.comparison().estimator(EKFAC);
        EstimatorQuality diagonal = result.comparison().estimator(DIAGONAL);
        EstimatorQuality dot = result.comparison().estimator(DOT_PRODUCT);
        assertAll(
                () -> assertTrue(found >= 0.8, "flipped labels in the first 20 %: " + found),
                () -> assertTrue(ekfac.pearson() > diagonal.pearson(), ekfac + " " + diagonal),
                () -> assertTrue(ekfac.pearson() > dot.pearson(), ekfac + " " + dot),
                () -> assertTrue(ekfac.spearman() > diagonal.spearman(), ekfac + " " + diagonal),
                () -> assertTrue(ekfac.spearman() > dot.spearman(), ekfac + " " + dot),
                () -> assertTrue(result.explained().stream()
                                .filter(image -> !image.correct())
                                .count()
                        >= 2),
                () -> assertTrue(result.model().testAccuracy() > 0.9));
    }
}
