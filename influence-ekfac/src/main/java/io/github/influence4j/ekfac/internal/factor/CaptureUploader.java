package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.FiniteCheck;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;

/**
 * Brings captures into a backend's memory: appends the bias column, zeroes masked rows, and refuses numbers that are not
 * finite. Memory is reused from capture to capture. What lies in the backend's memory already stays there, and is not even copied
 * where nothing must be appended, hidden or converted.
 */
final class CaptureUploader implements AutoCloseable {

    /** Numbers from which two cores copy: some 30 µs of work for one. */
    private static final int SHARED_NUMBERS = 1 << 17;

    private final MatrixBackend backend;
    private final Precision precision;
    private final boolean scales;
    private final Scratch activations;
    private final Scratch outputGradients;
    /**
     * Whether what lies in the backend's memory is best copied as what comes from the host is: on a processor each core appends, hides
     * and checks while a part is in its cache, where operations on the whole would each go through memory. On a card they stay there.
     */
    private final boolean copiesInParts;
    /** One for each task that copies at the same time; not bound to threads, which outlive this. */
    private final Stage[] stages;

    /** Prepares uploads; where {@code scales} is set, float32 captures out of range are multiplied by a power of two. */
    CaptureUploader(MatrixBackend backend, Precision precision, boolean scales) {
        this.backend = backend;
        this.precision = precision;
        this.scales = scales && precision == Precision.FLOAT32;
        this.activations = new Scratch(backend, precision);
        this.outputGradients = new Scratch(backend, precision);
        this.stages = new Stage[backend.parallelism()];
        this.copiesInParts = backend.workSizes().cores() > 1;
        Arrays.setAll(stages, k -> new Stage());
    }

    UploadedCapture upload(LayerCapture capture, int layerIndex, long[] ids) {
        requireElements(capture);
        Placed a = onBackend(
                capture, "activations", capture.activations(), capture.layer().gradientColumns(), activations, ids);
        Placed g = onBackend(
                capture,
                "output gradients",
                capture.outputGradients(),
                capture.layer().outputs(),
                outputGradients,
                ids);
        return new UploadedCapture(
                capture.layer(),
                layerIndex,
                capture.examples(),
                capture.positions(),
                capture.tokens(),
                capture.mask().realCount(),
                a.matrix(),
                g.matrix(),
                a.exponent(),
                g.exponent());
    }

    private void requireElements(LayerCapture capture) {
        LayerSpec layer = capture.layer();
        long columns = Math.max(layer.gradientColumns(), layer.outputs());
        long most = Math.min(backend.maxElements(), Integer.MAX_VALUE);
        if (capture.rows() * columns > most) {
            throw new IllegalArgumentException("layer " + layer.name() + ": " + capture.examples() + " examples of "
                    + capture.positions() + " positions make " + capture.rows() + " rows of " + columns
                    + " numbers, more than the " + most + " that a matrix can hold; take smaller batches, or have"
                    + " GradientProvider.positions say how long examples are");
        }
    }

    /** A matrix on the backend, that of the host times 2^exponent. */
    private record Placed(BackendMatrix matrix, int exponent) {}

    private Placed onBackend(
            LayerCapture capture, String what, Matrix source, int columns, Scratch memory, long[] ids) {
        if (source instanceof BackendMatrix held && backend.holds(held)) {
            return new Placed(held(capture, what, held, columns, memory, ids), 0);
        }
        BackendMatrix target = memory.take(capture.rows(), columns);
        int exponent = Scale.exponent(copy(capture, what, source, target, 0, ids));
        if (exponent != 0) {
            copy(capture, what, source, target, exponent, ids);
        }
        return new Placed(target, exponent);
    }

    private BackendMatrix held(
            LayerCapture capture, String what, BackendMatrix source, int columns, Scratch memory, long[] ids) {
        boolean asItIs = source.precision() == precision
                && source.columns() == columns
                && source.stride() == columns
                && capture.mask().isNone();
        BackendMatrix result = asItIs ? source : memory.take(source.rows(), columns);
        if (!asItIs && copiesInParts) {
            copy(capture, what, source, result, 0, ids);
            return result;
        }
        if (!asItIs) {
            backend.upload(source, result.view(0, source.rows(), 0, source.columns()));
            if (source.columns() < columns) {
                appendOnes(result);
            }
            hideMasked(capture.mask(), result);
        }
        if (!backend.isFinite(result)) {
            throw notFinite(capture, what, source, 0, ids);
        }
        return result;
    }

    private void appendOnes(BackendMatrix target) {
        float[] ones = new float[target.rows()];
        Arrays.fill(ones, 1);
        backend.upload(ones, target.view(0, target.rows(), target.columns() - 1, 1));
    }

    /** Zeroes masked rows, as many neighbours at a time as there are. */
    private void hideMasked(PositionMask mask, BackendMatrix target) {
        if (mask.isNone()) {
            return;
        }
        try (BackendMatrix zeros = backend.zeros(longestMasked(mask), target.columns(), precision)) {
            int row = 0;
            while (row < target.rows()) {
                int first = row;
                while (row < target.rows() && !mask.isReal(row)) {
                    row++;
                }
                if (row > first) {
                    backend.upload(zeros.rows(0, row - first), target.rows(first, row - first));
                }
                row++;
            }
        }
    }

    private static int longestMasked(PositionMask mask) {
        int longest = 0;
        int run = 0;
        for (int row = 0; row < mask.size(); row++) {
            run = mask.isReal(row) ? 0 : run + 1;
            longest = Math.max(longest, run);
        }
        return longest;
    }

    /** Copies a matrix times 2^exponent; returns the largest magnitude where captures are scaled, before it was scaled, else 0. */
    private double copy(
            LayerCapture capture, String what, Matrix source, BackendMatrix target, int exponent, long[] ids) {
        int rows = source.rows();
        boolean shared = source.allowsConcurrentReads() && (long) rows * target.columns() >= SHARED_NUMBERS;
        int tasks = shared ? Math.min(rows, stages.length) : 1;
        AtomicInteger firstBad = new AtomicInteger(rows);
        double[] largest = new double[tasks];
        IntConsumer task = k -> {
            int first = (int) ((long) rows * k / tasks);
            int end = (int) ((long) rows * (k + 1) / tasks);
            stages[k].begin(exponent);
            firstBad.accumulateAndGet(stages[k].copy(capture.mask(), source, first, end, target), Math::min);
            largest[k] = stages[k].largest;
        };
        if (tasks == 1) {
            task.accept(0);
        } else {
            backend.inParallel(tasks, task);
        }
        if (firstBad.get() < rows) {
            throw notFinite(capture, what, source, firstBad.get(), ids);
        }
        return Arrays.stream(largest).max().orElse(0);
    }

    /** Heap memory of a task through which rows go. */
    private final class Stage {
        private float[] floats = new float[0];
        private double[] doubles = new double[0];
        private int exponent;
        private double largest;

        void begin(int scale) {
            exponent = scale;
            largest = 0;
        }

        /** Copies rows up to {@code end}; returns where a number is not finite, or {@code source.rows()}. */
        int copy(PositionMask mask, Matrix source, int start, int end, BackendMatrix target) {
            int step = Math.max(1, backend.workSizes().transferred() / target.columns());
            for (int first = start; first < end; first += step) {
                BackendMatrix part = target.rows(first, Math.min(step, end - first));
                boolean finite;
                if (exponent != 0) {
                    finite = copyScaled(mask, source, first, part);
                } else if (precision == Precision.FLOAT32) {
                    finite = copyFloats(mask, source, first, part);
                } else {
                    finite = copyDoubles(mask, source, first, part);
                }
                if (!finite) {
                    return first;
                }
            }
            return source.rows();
        }

        private boolean copyFloats(PositionMask mask, Matrix source, int first, BackendMatrix target) {
            int count = target.rows();
            int width = target.columns();
            int columns = source.columns();
            if (floats.length < count * width) {
                floats = new float[count * width];
            }
            source.read(first, count, floats, 0);
            for (int r = count - 1; r >= 0; r--) {
                int start = r * width;
                boolean real = mask.isReal(first + r);
                if (width != columns) {
                    System.arraycopy(floats, r * columns, floats, start, columns);
                    floats[start + columns] = real ? 1 : 0;
                }
                if (!real) {
                    Arrays.fill(floats, start, start + columns, 0);
                }
            }
            backend.upload(floats, target);
            if (!scales) {
                return FiniteCheck.finite(floats, count * width);
            }
            float most = FiniteCheck.largest(floats, count * width);
            largest = Math.max(largest, most);
            if (most < Float.MIN_NORMAL && source.precision() == Precision.FLOAT64) {
                // what float32 rounds to 0 or loses digits of
                readDoubles(mask, source, first, count, width);
                largest = Math.max(largest, largest(doubles, count * width));
            }
            return most <= Float.MAX_VALUE;
        }

        private boolean copyDoubles(PositionMask mask, Matrix source, int first, BackendMatrix target) {
            int numbers = target.rows() * target.columns();
            readDoubles(mask, source, first, target.rows(), target.columns());
            backend.upload(doubles, target);
            return FiniteCheck.finite(doubles, numbers);
        }

        /** Through float64, so that the scale is applied before the rounding. */
        private boolean copyScaled(PositionMask mask, Matrix source, int first, BackendMatrix target) {
            int numbers = target.rows() * target.columns();
            readDoubles(mask, source, first, target.rows(), target.columns());
            Scale.multiply(doubles, numbers, exponent);
            backend.upload(doubles, target);
            return FiniteCheck.finite(doubles, numbers);
        }

        private void readDoubles(PositionMask mask, Matrix source, int first, int count, int width) {
            int columns = source.columns();
            if (doubles.length < count * width) {
                doubles = new double[count * width];
            }
            source.read(first, count, doubles, 0);
            for (int r = count - 1; r >= 0; r--) {
                int start = r * width;
                boolean real = mask.isReal(first + r);
                if (width != columns) {
                    System.arraycopy(doubles, r * columns, doubles, start, columns);
                    doubles[start + columns] = real ? 1 : 0;
                }
                if (!real) {
                    Arrays.fill(doubles, start, start + columns, 0);
                }
            }
        }

        private static double largest(double[] numbers, int count) {
            double most = 0;
            for (int k = 0; k < count; k++) {
                most = Math.max(most, Math.abs(numbers[k]));
            }
            return most;
        }
    }

    /** Names the number at or after row {@code first} that is not finite. */
    private NumericalException notFinite(LayerCapture capture, String what, Matrix source, int first, long[] ids) {
        double[] values = new double[source.columns()];
        for (int row = first; row < source.rows(); row++) {
            source.read(row, 1, values, 0);
            for (int column = 0; column < values.length; column++) {
                if (capture.mask().isReal(row) && !holds(values[column])) {
                    return new NumericalException("layer " + capture.layer().name() + ": " + what + " of example "
                            + ids[row / capture.positions()] + " at position " + row % capture.positions()
                            + ", column " + column + " are " + values[column]
                            + (Double.isFinite(values[column]) ? ", too large for float32" : ""));
                }
            }
        }
        throw new IllegalArgumentException("layer " + capture.layer().name() + ": " + what
                + " changed while they were read: a number that was not finite is so now");
    }

    private boolean holds(double value) {
        return precision == Precision.FLOAT32 ? Float.isFinite((float) value) : Double.isFinite(value);
    }

    @Override
    public void close() {
        activations.close();
        outputGradients.close();
    }
}
