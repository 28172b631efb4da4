package io.github.influence4j.openblas.internal;

import io.github.influence4j.api.Precision;
import org.bytedeco.javacpp.Pointer;

/** Memory of a number of elements, of undefined content at first; compared by identity. */
public abstract class Block {

    private final Precision precision;
    private final long elements;

    /**
     * Makes a block.
     *
     * @param precision type of the elements
     * @param elements how many there are
     */
    protected Block(Precision precision, long elements) {
        this.precision = precision;
        this.elements = elements;
    }

    /** Where blocks come from. */
    @FunctionalInterface
    public interface Source {

        /**
         * Takes fresh memory.
         *
         * @param precision type of the elements
         * @param elements how many
         * @return memory that is freed by {@link Block#free} or, late, by the garbage collector
         * @throws OutOfMemoryError if there is not enough
         */
        Block allocate(Precision precision, long elements);
    }

    /**
     * Returns the type of the elements.
     *
     * @return the precision
     */
    public final Precision precision() {
        return precision;
    }

    /**
     * Returns the number of elements.
     *
     * @return elements
     */
    public final long elements() {
        return elements;
    }

    /**
     * Returns the size.
     *
     * @return bytes
     */
    public final long bytes() {
        return elements * precision.bytes();
    }

    /**
     * Returns the address of the first element; only where the memory is the host's.
     *
     * @return a {@code FloatPointer} or {@code DoublePointer}, as the precision is
     */
    protected abstract Pointer address();

    /** Gives the memory back; called once. */
    protected abstract void free();
}
