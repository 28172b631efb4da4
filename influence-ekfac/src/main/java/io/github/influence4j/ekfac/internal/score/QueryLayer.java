package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;

/** The preconditioned gradients V_q of several queries at one layer. */
sealed interface QueryLayer extends AutoCloseable {

    @Override
    void close();

    /** Multiplies the factors out: V_q = L_q R_q for each of the queries. */
    static Full multiplyOut(MatrixBackend backend, Factored factored, int queries) {
        BackendMatrix stacked = backend.uninitialised(
                queries * factored.left().columns(), factored.right().columns(), backend.precision());
        Operand left = Operand.transposed(factored.left());
        backend.multiplyBatch(queries, 1, left, Operand.of(factored.right()), 0, stacked);
        return new Full(stacked);
    }

    /**
     * Bytes that one query takes at a layer.
     *
     * @param rank 0 for full rank
     */
    static long bytesPerQuery(LayerSpec layer, int rank, int bytesPerNumber) {
        return bytesPerNumber
                * (isFactored(layer, rank)
                        ? (long) rank * (layer.outputs() + layer.gradientColumns())
                        : layer.parameters());
    }

    /** Whether a cut to this rank changes anything at a layer. */
    static boolean isFactored(LayerSpec layer, int rank) {
        return rank > 0 && Math.min(layer.outputs(), layer.gradientColumns()) > rank;
    }

    /**
     * Makes room for queries.
     *
     * @param rank 0 for full rank
     */
    static QueryLayer allocate(MatrixBackend backend, LayerSpec layer, int queries, int rank) {
        if (!isFactored(layer, rank)) {
            return new Full(
                    backend.uninitialised(queries * layer.outputs(), layer.gradientColumns(), backend.precision()));
        }
        BackendMatrix left = backend.zeros(queries * rank, layer.outputs());
        return new Factored(rank, left, backend.zeros(queries * rank, layer.gradientColumns()));
    }

    /**
     * Whole gradients.
     *
     * @param stacked V_q one under the other, [Q·o, i]
     */
    record Full(BackendMatrix stacked) implements QueryLayer {
        @Override
        public void close() {
            stacked.close();
        }
    }

    /**
     * Gradients cut to a rank, V_q ≈ L_q R_q.
     *
     * @param rank r
     * @param left L_qᵀ one under the other, [Q·r, o]
     * @param right R_q one under the other, [Q·r, i]
     */
    record Factored(int rank, BackendMatrix left, BackendMatrix right) implements QueryLayer {
        @Override
        public void close() {
            left.close();
            right.close();
        }
    }
}
