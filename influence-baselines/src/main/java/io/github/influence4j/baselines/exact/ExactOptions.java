package io.github.influence4j.baselines.exact;

import java.util.Objects;
import java.util.OptionalLong;

/**
 * How the exact Gauss-Newton matrix is held and inverted.
 *
 * @param form whether D x D or N·C x N·C numbers are factorised
 * @param scope whether the layers are solved together or each for itself
 * @param batchSize examples per batch of captures
 * @param memoryLimit most bytes that may be taken; empty for what the backend says is available
 */
public record ExactOptions(Form form, Scope scope, int batchSize, OptionalLong memoryLimit) {

    /** Which matrix is factorised. Both forms give the same solutions up to rounding. */
    public enum Form {
        /** The dual form for blocks with more parameters D than rows N·C, the explicit one for the others. */
        AUTO,
        /** Forms G + diag(λ), D x D. Allows λ = 0 where G itself is positive definite. */
        EXPLICIT,
        /**
         * (G+λI)⁻¹v = (v − Bᵀ(BBᵀ+NλI)⁻¹Bv)/λ, N·C x N·C, without ever forming B; needs λ &gt; 0 and keeps the captures.
         */
        DUAL
    }

    /** Which parts of G are kept. */
    public enum Scope {
        /** All of G. */
        WHOLE,
        /** The diagonal block of each layer; what couples two layers is taken as 0. */
        PER_LAYER
    }

    /**
     * Checks the batch size and the limit.
     *
     * @param form whether D x D or N·C x N·C numbers are factorised
     * @param scope whether the layers are solved together or each for itself
     * @param batchSize examples per batch of captures
     * @param memoryLimit most bytes that may be taken; empty for what the backend says is available
     * @throws IllegalArgumentException if one of them is not positive
     */
    public ExactOptions {
        Objects.requireNonNull(form, "form");
        Objects.requireNonNull(scope, "scope");
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size must be positive, found " + batchSize);
        }
        if (memoryLimit.isPresent() && memoryLimit.getAsLong() < 1) {
            throw new IllegalArgumentException("memory limit must be positive, found " + memoryLimit.getAsLong());
        }
    }

    /**
     * Returns the whole matrix in the cheaper form, with batches of 256 examples.
     *
     * @return the defaults
     */
    public static ExactOptions defaults() {
        return new ExactOptions(Form.AUTO, Scope.WHOLE, 256, OptionalLong.empty());
    }

    /**
     * Forces a form.
     *
     * @param value the new value
     * @return new options
     */
    public ExactOptions withForm(Form value) {
        return new ExactOptions(value, scope, batchSize, memoryLimit);
    }

    /**
     * Changes the scope.
     *
     * @param value the new value
     * @return new options
     */
    public ExactOptions withScope(Scope value) {
        return new ExactOptions(form, value, batchSize, memoryLimit);
    }

    /**
     * Changes the batch size.
     *
     * @param value examples per batch
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public ExactOptions withBatchSize(int value) {
        return new ExactOptions(form, scope, value, memoryLimit);
    }

    /**
     * Limits the memory.
     *
     * @param bytes most bytes
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public ExactOptions withMemoryLimit(long bytes) {
        return new ExactOptions(form, scope, batchSize, OptionalLong.of(bytes));
    }
}
