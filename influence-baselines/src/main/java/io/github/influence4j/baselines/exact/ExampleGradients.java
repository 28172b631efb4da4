package io.github.influence4j.baselines.exact;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;

/** Forms the gradients of single examples. */
final class ExampleGradients {

    private ExampleGradients() {}

    /**
     * Computes Σ_p g_p ā_pᵀ for each example. Costs 2·m·t·i·o flops.
     *
     * @param outputGradients [m·t, o]
     * @param activations [m·t, i]
     * @param result [m, o·i], packed
     * @param examples m
     */
    static void form(
            MatrixBackend backend,
            BackendMatrix outputGradients,
            BackendMatrix activations,
            BackendMatrix result,
            int examples) {
        backend.multiplyBatch(
                examples,
                1,
                Operand.transposed(outputGradients),
                Operand.of(activations),
                0,
                result.reshape(examples * outputGradients.columns(), activations.columns()));
    }
}
