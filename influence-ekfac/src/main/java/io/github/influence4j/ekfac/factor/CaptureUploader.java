package io.github.influence4j.ekfac.factor;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Arrays;

/**
 * Copies captures into a backend's memory: appends the bias column, zeroes masked rows, and refuses numbers that are not
 * finite. Memory is reused from capture to capture.
 */
final class CaptureUploader implements AutoCloseable {

    /** Numbers staged on the heap at a time: large enough for bulk copies, small enough for the caches. */
    private static final int STAGE_NUMBERS = 1 << 16;

    private final MatrixBackend backend;
    private final Precision precision;
    private final Scratch activations;
    private final Scratch outputGradients;
    private float[] floats = new float[0];
    private double[] doubles = new double[0];

    CaptureUploader(MatrixBackend backend, Precision precision) {
        this.backend = backend;
        this.precision = precision;
        this.activations = new Scratch(backend, precision);
        this.outputGradients = new Scratch(backend, precision);
    }

    UploadedCapture upload(LayerCapture capture, int layerIndex, long[] ids) {
        int columns = capture.layer().gradientColumns();
        BackendMatrix a = activations.take(capture.rows(), columns);
        BackendMatrix g = outputGradients.take(capture.rows(), capture.layer().outputs());
        copy(capture, "activations", capture.activations(), a, ids);
        copy(capture, "output gradients", capture.outputGradients(), g, ids);
        return new UploadedCapture(
                capture.layer(),
                layerIndex,
                capture.examples(),
                capture.positions(),
                capture.tokens(),
                capture.mask().realCount(),
                a,
                g);
    }

    private void copy(LayerCapture capture, String what, Matrix source, BackendMatrix target, long[] ids) {
        int width = target.columns();
        int step = Math.max(1, STAGE_NUMBERS / width);
        for (int first = 0; first < source.rows(); first += step) {
            int count = Math.min(step, source.rows() - first);
            boolean finite;
            if (precision == Precision.FLOAT32) {
                finite = stageFloats(capture.mask(), source, first, count, width);
                backend.upload(floats, target.rows(first, count));
            } else {
                finite = stageDoubles(capture.mask(), source, first, count, width);
                backend.upload(doubles, target.rows(first, count));
            }
            if (!finite) {
                throw notFinite(capture, what, source, first, count, ids);
            }
        }
    }

    private boolean stageFloats(PositionMask mask, Matrix source, int first, int count, int width) {
        if (floats.length < count * width) {
            floats = new float[count * width];
        }
        int columns = source.columns();
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
        // 0 · x is 0 for finite x and NaN otherwise; column sums, because the compiler vectorises those
        float[] sums = new float[width];
        for (int r = 0; r < count; r++) {
            addZeroTimes(floats, r * width, sums);
        }
        float sum = 0;
        for (float s : sums) {
            sum += s;
        }
        return sum == 0;
    }

    private static void addZeroTimes(float[] numbers, int start, float[] sums) {
        for (int k = 0; k < sums.length; k++) {
            sums[k] += 0 * numbers[start + k];
        }
    }

    private boolean stageDoubles(PositionMask mask, Matrix source, int first, int count, int width) {
        if (doubles.length < count * width) {
            doubles = new double[count * width];
        }
        int columns = source.columns();
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
        double sum = 0;
        for (int k = 0; k < count * width; k++) {
            sum += 0 * doubles[k];
        }
        return sum == 0;
    }

    private NumericalException notFinite(
            LayerCapture capture, String what, Matrix source, int first, int count, long[] ids) {
        double[] values = new double[source.columns()];
        for (int row = first; row < first + count; row++) {
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
