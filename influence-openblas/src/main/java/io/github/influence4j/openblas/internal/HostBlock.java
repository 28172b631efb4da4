package io.github.influence4j.openblas.internal;

import io.github.influence4j.api.Precision;
import java.lang.ref.Cleaner;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Memory of the C library. It is not counted against JavaCPP's {@code maxBytes}, which is the Java heap's limit and would bound what
 * matrices may take; the process as a whole is held to {@code maxPhysicalBytes}, as all of JavaCPP's memory is.
 */
final class HostBlock extends Block {

    /** Asking for the size of the process takes some 10 µs, so small blocks do not. */
    private static final long CHECKED_BYTES = 1 << 20;

    private static final Cleaner CLEANER = Cleaner.create();

    private final Pointer address;
    private final Cleaner.Cleanable memory;

    private HostBlock(Precision precision, long elements, Pointer untyped) {
        super(precision, elements);
        this.address = precision == Precision.FLOAT64 ? new DoublePointer(untyped) : new FloatPointer(untyped);
        this.memory = CLEANER.register(this, () -> Pointer.free(untyped));
    }

    static HostBlock allocate(Precision precision, long elements) {
        long bytes = elements * precision.bytes();
        long limit = Pointer.maxPhysicalBytes();
        if (limit > 0 && bytes >= CHECKED_BYTES && bytes > limit - Pointer.physicalBytes()) {
            throw new OutOfMemoryError("not enough memory for " + elements + " numbers in " + precision + ": " + bytes
                    + " bytes beside the " + Pointer.physicalBytes() + " of this process are more than its limit of "
                    + limit
                    + "; start Java with a larger -Xmx, of which the limit is four times, or with"
                    + " -Dorg.bytedeco.javacpp.maxPhysicalBytes=BYTES, 0 for none");
        }
        Pointer untyped = Pointer.malloc(bytes);
        if (untyped == null || untyped.isNull()) {
            throw new OutOfMemoryError(
                    "the system has no memory for " + elements + " numbers in " + precision + ", " + bytes + " bytes");
        }
        return new HostBlock(precision, elements, untyped);
    }

    @Override
    protected Pointer address() {
        return address;
    }

    @Override
    protected void free() {
        memory.clean();
    }
}
