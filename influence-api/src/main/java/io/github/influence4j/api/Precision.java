package io.github.influence4j.api;

/** The floating-point type of a matrix's elements. */
public enum Precision {
    /** IEEE 754 binary32, about 7 decimal digits. */
    FLOAT32(4, 0x1p-24),
    /** IEEE 754 binary64, about 16 decimal digits. */
    FLOAT64(8, 0x1p-53);

    private final int bytes;
    private final double unitRoundoff;

    Precision(int bytes, double unitRoundoff) {
        this.bytes = bytes;
        this.unitRoundoff = unitRoundoff;
    }

    /**
     * Returns the size of one element.
     *
     * @return bytes per element
     */
    public int bytes() {
        return bytes;
    }

    /**
     * Returns the largest relative error of rounding one number to this type.
     *
     * @return 2⁻²⁴ or 2⁻⁵³
     */
    public double unitRoundoff() {
        return unitRoundoff;
    }
}
