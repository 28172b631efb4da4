package io.github.influence4j.safetensors;

/** The element types of tensors, by their names in the format; all are little-endian. */
public enum TensorType {
    /** IEEE 754 binary64. */
    F64(64),
    /** IEEE 754 binary32. */
    F32(32),
    /** IEEE 754 binary16. */
    F16(16),
    /** The upper half of a binary32. */
    BF16(16),
    /** Signed 64-bit integer. */
    I64(64),
    /** Signed 32-bit integer. */
    I32(32),
    /** Signed 16-bit integer. */
    I16(16),
    /** Signed 8-bit integer. */
    I8(8),
    /** Unsigned 64-bit integer; read as signed where a Java {@code long} is asked for. */
    U64(64),
    /** Unsigned 32-bit integer. */
    U32(32),
    /** Unsigned 16-bit integer. */
    U16(16),
    /** Unsigned 8-bit integer. */
    U8(8),
    /** One byte, 0 for false. */
    BOOL(8),
    /** Two binary32 numbers of a complex one; not {@linkplain #isRead() read}. */
    C64(64),
    /** Floating point with 4 bits of exponent and 3 of mantissa; not {@linkplain #isRead() read}. */
    F8_E4M3(8),
    /** Floating point with 5 bits of exponent and 2 of mantissa; not {@linkplain #isRead() read}. */
    F8_E5M2(8),
    /** As {@link #F8_E4M3}, without a negative zero; not {@linkplain #isRead() read}. */
    F8_E4M3FNUZ(8),
    /** As {@link #F8_E5M2}, without a negative zero; not {@linkplain #isRead() read}. */
    F8_E5M2FNUZ(8),
    /** A power of 2; not {@linkplain #isRead() read}. */
    F8_E8M0(8),
    /** Floating point with 2 bits of exponent and 3 of mantissa; not {@linkplain #isRead() read}. */
    F6_E2M3(6),
    /** Floating point with 3 bits of exponent and 2 of mantissa; not {@linkplain #isRead() read}. */
    F6_E3M2(6),
    /** Floating point with 2 bits of exponent and 1 of mantissa, two to a byte; not {@linkplain #isRead() read}. */
    F4(4);

    private final int bits;

    TensorType(int bits) {
        this.bits = bits;
    }

    /**
     * Returns the size of an element.
     *
     * @return bits per element
     */
    public int bits() {
        return bits;
    }

    /**
     * Returns the size of an element whose numbers are read.
     *
     * @return bytes per element
     */
    public int bytes() {
        return bits / Byte.SIZE;
    }

    /**
     * Says whether numbers of this type are read and written here. Files may hold tensors of others, whose numbers nobody here asks for.
     *
     * @return false for complex numbers and for the types that quantised weights have
     */
    public boolean isRead() {
        return ordinal() <= BOOL.ordinal();
    }

    /**
     * Says whether elements are floating-point numbers that are read here.
     *
     * @return false for integers and truth values
     */
    public boolean isFloating() {
        return this == F64 || this == F32 || this == F16 || this == BF16;
    }
}
