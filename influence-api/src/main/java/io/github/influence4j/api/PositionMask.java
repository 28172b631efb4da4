package io.github.influence4j.api;

import java.util.Objects;

/**
 * Which positions of a batch are real and which are padding.
 *
 * <p>Masked positions count as if they were not there: their activations (the constant 1 of the bias too) and output
 * gradients are taken as 0, and they are not counted.
 */
public final class PositionMask {

    private final int size;
    private final boolean[] real;
    private final int realCount;

    private PositionMask(int size, boolean[] real) {
        this.size = size;
        this.real = real;
        int count = 0;
        for (boolean r : real) {
            count += r ? 1 : 0;
        }
        this.realCount = real.length == 0 ? size : count;
    }

    /**
     * Returns a mask that hides nothing.
     *
     * @param positions number of positions of the batch, n × t
     * @return a mask of that size
     * @throws IllegalArgumentException if {@code positions} is negative
     */
    public static PositionMask none(int positions) {
        if (positions < 0) {
            throw new IllegalArgumentException("a mask of " + positions + " positions");
        }
        return new PositionMask(positions, new boolean[0]);
    }

    /**
     * Returns a mask from flags in the order of a capture's rows.
     *
     * @param real n × t flags, true for a real position; copied
     * @return the mask
     */
    public static PositionMask of(boolean[] real) {
        return new PositionMask(real.length, real.clone());
    }

    /**
     * Returns the number of positions of the batch, real or not.
     *
     * @return n × t
     */
    public int size() {
        return size;
    }

    /**
     * Returns the number of real positions.
     *
     * @return at most {@link #size()}
     */
    public int realCount() {
        return realCount;
    }

    /**
     * Says whether every position is real.
     *
     * @return whether nothing is hidden
     */
    public boolean isNone() {
        return realCount == size;
    }

    /**
     * Says whether a position is real.
     *
     * @param row index of the position among the capture's rows
     * @return false for padding
     * @throws IndexOutOfBoundsException if there is no such row
     */
    public boolean isReal(int row) {
        Objects.checkIndex(row, size);
        return real.length == 0 || real[row];
    }
}
