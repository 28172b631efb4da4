package io.github.influence4j.openblas.internal;

import io.github.influence4j.api.Precision;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Cuts elementwise work on host memory into parts that fit into a core's cache, and shares them between the cores where
 * there is enough of it and OpenBLAS may use more than one thread too.
 */
final class HostParts {

    /** Most numbers of a part: two operands in float64 fit into 256 KiB. */
    static final int NUMBERS = 1 << 14;

    /** Numbers below which a second core is not worth waking: some 30 µs of work. */
    private static final int SHARED_NUMBERS = 1 << 16;

    private static final ThreadLocal<HostParts> OF_THREAD = ThreadLocal.withInitial(HostParts::new);

    private final float[][] floats = new float[2][];
    private final double[][] doubles = new double[2][];

    private HostParts() {}

    /** Takes a part of one row. */
    @FunctionalInterface
    interface Visitor {
        void visit(int row, int column, int count, HostParts buffers);
    }

    /** The buffers of this thread. */
    static HostParts ofThread() {
        return OF_THREAD.get();
    }

    /** Visits every number of a [rows, columns] matrix once, a part of a row at a time. */
    static void forEach(int rows, int columns, Visitor visitor) {
        int width = Math.min(columns, NUMBERS);
        int perRow = (columns + width - 1) / width;
        share((long) rows * columns, Math.multiplyExact(rows, perRow), part -> {
            int column = part % perRow * width;
            visitor.visit(part / perRow, column, Math.min(width, columns - column), ofThread());
        });
    }

    /** Runs tasks 0, …, count − 1, on all cores where they have enough numbers to work on. */
    static void share(long numbers, int count, IntConsumer task) {
        if (count == 1 || numbers < SHARED_NUMBERS || ThreadUse.ofProcess().threads() == 1) {
            for (int k = 0; k < count; k++) {
                task.accept(k);
            }
        } else {
            IntStream.range(0, count).parallel().forEach(task);
        }
    }

    /** A buffer of this thread, of undefined content; {@code slot} is 0 or 1. */
    float[] floats(int slot) {
        if (floats[slot] == null) {
            floats[slot] = new float[NUMBERS];
        }
        return floats[slot];
    }

    /** A buffer of this thread, of undefined content; {@code slot} is 0 or 1. */
    double[] doubles(int slot) {
        if (doubles[slot] == null) {
            doubles[slot] = new double[NUMBERS];
        }
        return doubles[slot];
    }

    /** The numbers of a small float32 matrix, packed in a buffer. */
    float[] read(NativeMatrix part, int slot) {
        float[] buffer = floats(slot);
        part.kernels().read(part, buffer, 0);
        return buffer;
    }

    /** The numbers of a small matrix of any precision, packed in a buffer, as float64. */
    double[] readDoubles(NativeMatrix part, int slot) {
        double[] buffer = doubles(slot);
        if (part.precision() == Precision.FLOAT64) {
            part.kernels().read(part, buffer, 0);
        } else {
            float[] narrow = read(part, slot);
            for (int k = 0; k < part.rows() * part.columns(); k++) {
                buffer[k] = narrow[k];
            }
        }
        return buffer;
    }

    /** Writes numbers from the start of a float64 buffer, rounded to the precision of the target. */
    void write(double[] numbers, NativeMatrix target) {
        if (target.precision() == Precision.FLOAT64) {
            target.kernels().write(numbers, target);
            return;
        }
        float[] narrow = floats(0);
        for (int k = 0; k < target.rows() * target.columns(); k++) {
            narrow[k] = (float) numbers[k];
        }
        target.kernels().write(narrow, target);
    }
}
