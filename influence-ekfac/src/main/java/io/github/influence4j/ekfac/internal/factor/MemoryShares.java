package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.linalg.MatrixBackend;
import java.util.OptionalLong;

/**
 * How the memory is divided: half of what is available is for what a stage holds, the factors of a fit or the queries of a scoring,
 * half as much for the captures of a batch, and the rest for what is made of them.
 *
 * @param held most bytes of the factors, or of the queries
 * @param captures most bytes of the captures of a layer and of what they are rotated into
 */
public record MemoryShares(long held, long captures) {

    /** Captures get this much even where the rest may take next to nothing: less makes batches slow and saves little. */
    private static final long LEAST_CAPTURES = 64L << 20;

    /**
     * Divides what there is, or what was asked for.
     *
     * @param backend where all of it lies
     * @param limit most bytes of what is held; empty for half of what the backend has
     * @return the shares
     */
    public static MemoryShares of(MatrixBackend backend, OptionalLong limit) {
        return of(limit.isPresent() ? 0 : backend.availableMemory(), limit);
    }

    /**
     * Divides what there is, or what was asked for.
     *
     * @param available bytes that there are
     * @param limit most bytes of what is held; empty for half of what there is
     * @return the shares
     */
    public static MemoryShares of(long available, OptionalLong limit) {
        long held = limit.orElse(Math.max(1, available / 2));
        return new MemoryShares(held, Math.max(LEAST_CAPTURES, held / 2));
    }
}
