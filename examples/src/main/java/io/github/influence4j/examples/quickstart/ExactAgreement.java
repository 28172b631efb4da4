package io.github.influence4j.examples.quickstart;

import java.util.List;

/**
 * The estimators beside the exact damped Gauss-Newton solution, all with the same λ in each layer.
 *
 * @param estimators one entry for each, from the simplest to the most elaborate
 * @param exactMillis wall time of the exact solution
 * @param trainExamples training examples that curvature and scores are taken over
 * @param queries test images that the correlations are averaged over
 */
public record ExactAgreement(List<EstimatorQuality> estimators, double exactMillis, int trainExamples, int queries) {

    /** Name of the estimator without curvature. */
    public static final String DOT_PRODUCT = "dot product";

    /** Name of the diagonal Gauss-Newton approximation. */
    public static final String DIAGONAL = "diagonal";

    /** Name of the Kronecker-factored approximation. */
    public static final String KFAC = "K-FAC";

    /** Name of the approximation with corrected eigenvalues. */
    public static final String EKFAC = "EK-FAC";

    /** Copies the list. */
    public ExactAgreement {
        estimators = List.copyOf(estimators);
    }

    /**
     * Finds an estimator.
     *
     * @param name its name
     * @return its entry
     * @throws IllegalArgumentException if it is not among those compared
     */
    public EstimatorQuality estimator(String name) {
        return estimators.stream()
                .filter(entry -> entry.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no estimator '" + name + "' was compared"));
    }
}
