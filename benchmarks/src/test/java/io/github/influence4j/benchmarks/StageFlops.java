package io.github.influence4j.benchmarks;

import io.github.influence4j.api.LayerSpec;

/**
 * Floating-point operations of the stages, a multiply-add counted as two.
 *
 * <p>M stands for the inputs of a layer with the bias, P for its outputs, T for rows (examples times positions).
 */
final class StageFlops {

    private StageFlops() {}

    /** Covariances by symmetric rank updates: M² + P² a row. */
    static double covariance(LayerSpec layer) {
        double m = layer.gradientColumns();
        double p = layer.outputs();
        return m * m + p * p;
    }

    /** Eigenvalues, rotating first: 2(M² + P²) + 2MP a row. Self-influence takes as many. */
    static double lambda(LayerSpec layer) {
        return 2 * covariance(layer) + 2.0 * layer.parameters();
    }

    /** Scores for queries of rank r: 2r(M + P + 1) a row and query. */
    static double lowRankScores(LayerSpec layer, int rank) {
        return 2.0 * rank * (layer.gradientColumns() + layer.outputs() + 1);
    }

    /** Scores for whole queries by the cheaper of the two ways: per example 2tMPQ, or 2tMP + 2MPQ. */
    static double wholeScores(LayerSpec layer, int positions, int queries) {
        double gradient = 2.0 * layer.parameters();
        return gradient * Math.min((double) positions * queries, (double) positions + queries);
    }

    /** Eigendecompositions of both covariances, nominally 9n³ each. */
    static double eigen(LayerSpec layer) {
        return 9 * (Math.pow(layer.gradientColumns(), 3) + Math.pow(layer.outputs(), 3));
    }
}
