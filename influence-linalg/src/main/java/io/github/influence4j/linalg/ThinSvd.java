package io.github.influence4j.linalg;

/**
 * A thin singular value decomposition M = U diag(values) Vᵀ of an [m, n] matrix, k = min(m, n).
 *
 * @param u U, [m, k] in float64
 * @param values k singular values, descending
 * @param vt Vᵀ, [k, n] in float64
 */
@SuppressWarnings("ArrayRecordComponent") // a result that is taken apart at once
public record ThinSvd(BackendMatrix u, double[] values, BackendMatrix vt) implements AutoCloseable {
    @Override
    public void close() {
        u.close();
        vt.close();
    }
}
