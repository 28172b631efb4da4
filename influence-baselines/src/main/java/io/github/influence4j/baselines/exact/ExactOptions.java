package io.github.influence4j.baselines.exact;

import java.util.Objects;
import java.util.OptionalLong;

/**
 * How the exact Gauss-Newton matrix is held and inverted.
 *
 * <p>Immutable; each {@code with…} gives new options.
 */
public final class ExactOptions {

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

    private final Form form;
    private final Scope scope;
    private final int batchSize;
    private final OptionalLong memoryLimit;

    private ExactOptions(Form form, Scope scope, int batchSize, OptionalLong memoryLimit) {
        Objects.requireNonNull(form, "form");
        Objects.requireNonNull(scope, "scope");
        if (batchSize < 1) {
            throw new IllegalArgumentException("batch size must be positive, found " + batchSize);
        }
        if (memoryLimit.isPresent() && memoryLimit.getAsLong() < 1) {
            throw new IllegalArgumentException("memory limit must be positive, found " + memoryLimit.getAsLong());
        }
        this.form = form;
        this.scope = scope;
        this.batchSize = batchSize;
        this.memoryLimit = memoryLimit;
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

    /**
     * Returns whether D x D or N·C x N·C numbers are factorised.
     *
     * @return whether D x D or N·C x N·C numbers are factorised
     */
    public Form form() {
        return form;
    }

    /**
     * Returns whether the layers are solved together or each for itself.
     *
     * @return whether the layers are solved together or each for itself
     */
    public Scope scope() {
        return scope;
    }

    /**
     * Returns examples per batch of captures.
     *
     * @return examples per batch of captures
     */
    public int batchSize() {
        return batchSize;
    }

    /**
     * Returns most bytes that may be taken; empty for what the backend says is available.
     *
     * @return most bytes that may be taken; empty for what the backend says is available
     */
    public OptionalLong memoryLimit() {
        return memoryLimit;
    }

    @Override
    public String toString() {
        return "ExactOptions["
                + "form=" + form
                + ", scope=" + scope
                + ", batchSize=" + batchSize
                + ", memoryLimit=" + memoryLimit
                + "]";
    }
}
