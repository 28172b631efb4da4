package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.linalg.MatrixBackend;
import java.util.OptionalLong;

/**
 * How the memory is divided: half of what is available is for factors, half as much for the captures of a batch, and the rest
 * for what is made of them.
 *
 * @param factors most bytes of the factors
 * @param captures most bytes of the captures of a layer and of what they are rotated into
 */
public record MemoryShares(long factors, long captures) {

    /** Captures get this much even where factors may take next to nothing: less makes batches slow and saves little. */
    private static final long LEAST_CAPTURES = 64L << 20;

    /**
     * Divides what there is, or what was asked for.
     *
     * @param backend where factors and captures lie
     * @param limit most bytes of the factors; empty for half of what the backend has
     * @return the shares
     */
    public static MemoryShares of(MatrixBackend backend, OptionalLong limit) {
        long factors = limit.orElseGet(() -> Math.max(1, backend.availableMemory() / 2));
        return new MemoryShares(factors, Math.max(LEAST_CAPTURES, factors / 2));
    }
}
