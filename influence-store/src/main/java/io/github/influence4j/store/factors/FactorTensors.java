package io.github.influence4j.store.factors;

import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.safetensors.ShardFolder;
import java.util.ArrayList;
import java.util.List;

/** The files of kronfluence's layout, each with one tensor a layer, named after it. */
final class FactorTensors {

    /** Q_A, [i, i], one eigenvector a column. */
    static final String ACTIVATION_EIGENVECTORS = "activation_eigenvectors";

    /** α, [i], ascending. */
    static final String ACTIVATION_EIGENVALUES = "activation_eigenvalues";

    /** Q_S, [o, o], one eigenvector a column. */
    static final String GRADIENT_EIGENVECTORS = "gradient_eigenvectors";

    /** σ, [o], ascending. */
    static final String GRADIENT_EIGENVALUES = "gradient_eigenvalues";

    /** Λ times the number of examples, [o, i]. */
    static final String LAMBDA_MATRIX = "lambda_matrix";

    /** The number of examples, [1], int64. */
    static final String LAMBDA_COUNT = "num_lambda_processed";

    /** kronfluence's own options. */
    static final String ARGUMENTS = "factor_arguments.json";

    private FactorTensors() {}

    /** The files that a strategy needs for scoring. */
    static List<String> of(Strategy strategy) {
        List<String> names = new ArrayList<>();
        if (strategy.usesEigenbasis()) {
            names.addAll(List.of(
                    ACTIVATION_EIGENVECTORS, ACTIVATION_EIGENVALUES, GRADIENT_EIGENVECTORS, GRADIENT_EIGENVALUES));
        }
        if (strategy.measuresEigenvalues()) {
            names.addAll(List.of(LAMBDA_MATRIX, LAMBDA_COUNT));
        }
        return names;
    }

    /** The files of all strategies. */
    static List<String> all() {
        return of(Strategy.EKFAC);
    }

    static String file(String name) {
        return name + ShardFolder.SUFFIX;
    }
}
