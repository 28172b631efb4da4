package io.github.influence4j.linalg;

/**
 * An eigendecomposition C = V diag(values) Vᵀ of a symmetric matrix.
 *
 * @param values n eigenvalues, ascending
 * @param vectors V, [n, n] in float64, one eigenvector a column; closed by whoever holds this record
 */
@SuppressWarnings("ArrayRecordComponent") // a result that is taken apart at once
public record SymmetricEigen(double[] values, BackendMatrix vectors) implements AutoCloseable {
    @Override
    public void close() {
        vectors.close();
    }
}
