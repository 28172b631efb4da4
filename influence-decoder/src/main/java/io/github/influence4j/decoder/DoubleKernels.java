package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.internal.Exponential;
import java.nio.DoubleBuffer;
import java.util.Arrays;

/** double64. */
final class DoubleKernels implements RowKernels<double[]> {

    private static final double LARGEST = Double.MAX_VALUE;

    /** The first array of a task's scratch that kernels use; those before are their callers'. */
    private static final int ROOM = 3;

    /** Numbers of a long row that are worked on at a time, which stay in a first-level cache. */
    private static final int RUN = 2048;

    /** From here on 1 − p is taken as the sum of the other probabilities. */
    private static final double LIKELY = 0.9;

    private static final double ROOT_TWO_OVER_PI = (double) 0.7978845608028654;
    private static final double CUBIC = (double) 0.044715;
    private static final double ROOT_HALF = (double) 0.7071067811865476;
    private static final double DENSITY = (double) 0.3989422804014327;

    @Override
    public double[] array(int length) {
        return new double[length];
    }

    @Override
    public int length(double[] array) {
        return array.length;
    }

    @Override
    public void fill(double[] array, int from, int to, double value) {
        Arrays.fill(array, from, to, (double) value);
    }

    @Override
    public double get(double[] array, int index) {
        return array[index];
    }

    @Override
    public void set(double[] array, int index, double value) {
        array[index] = (double) value;
    }

    @Override
    public void read(Matrix source, int firstRow, int rows, double[] target, int offset) {
        source.read(firstRow, rows, target, offset);
    }

    @Override
    public void upload(MatrixBackend backend, double[] numbers, BackendMatrix target) {
        backend.upload(numbers, target);
    }

    @Override
    public Matrix matrix(double[] data, int rows, int columns) {
        return Matrix.of(data, rows, columns);
    }

    @Override
    public Matrix matrix(double[] data, int offset, int rows, int columns) {
        return Matrix.of(DoubleBuffer.wrap(data, offset, rows * columns).slice(), rows, columns, columns);
    }

    @Override
    public int firstNotFinite(double[] values, int start, int count) {
        for (int k = 0; k < count; k++) {
            if (!(Math.abs(values[start + k]) <= LARGEST)) {
                return k;
            }
        }
        return -1;
    }

    @Override
    public void add(double[] x, int xStart, double[] y, int yStart, int count) {
        for (int k = 0; k < count; k++) {
            y[yStart + k] += x[xStart + k];
        }
    }

    @Override
    public void norm(
            int rows,
            int d,
            boolean centred,
            double[] x,
            double[] gain,
            double[] out,
            int stride,
            double[] statistics,
            int firstRow,
            double epsilon) {
        for (int r = 0; r < rows; r++) {
            int from = r * d;
            double mean = centred ? sum(x, from, d) / d : 0;
            double inverse = (double) (1 / Math.sqrt(squares(x, from, d, mean) / d + epsilon));
            statistics[2 * (firstRow + r)] = mean;
            statistics[2 * (firstRow + r) + 1] = inverse;
            int to = r * stride;
            for (int c = 0; c < d; c++) {
                out[to + c] = (x[from + c] - mean) * inverse * gain[c];
            }
            if (centred) {
                for (int c = 0; c < d; c++) {
                    out[to + c] += gain[d + c];
                }
            }
        }
    }

    @Override
    public void normBackward(
            int rows,
            int d,
            boolean centred,
            double[] x,
            double[] dy,
            double[] gain,
            double[] statistics,
            int firstRow,
            double[] dx,
            double[] gains) {
        for (int r = 0; r < rows; r++) {
            int from = r * d;
            double mean = statistics[2 * (firstRow + r)];
            double inverse = statistics[2 * (firstRow + r) + 1];
            double along = projection(d, x, from, mean, inverse, dy, from, gain) / d;
            double level = centred ? dot(d, dy, from, gain, 0) / d : 0;
            for (int c = 0; c < d; c++) {
                double normal = (x[from + c] - mean) * inverse;
                double down = dy[from + c];
                gains[c] += down * normal;
                dx[from + c] += inverse * (down * gain[c] - level - normal * along);
            }
            if (centred) {
                for (int c = 0; c < d; c++) {
                    gains[d + c] += dy[from + c];
                }
            }
        }
    }

    @Override
    public void normTangent(
            int rows,
            int d,
            boolean centred,
            double[] x,
            double[] dx,
            double[] gain,
            double[] statistics,
            int firstRow,
            double[] out,
            int stride) {
        for (int r = 0; r < rows; r++) {
            int from = r * d;
            int to = r * stride;
            double mean = statistics[2 * (firstRow + r)];
            double inverse = statistics[2 * (firstRow + r) + 1];
            double along = 0;
            for (int c = 0; c < d; c++) {
                along += (x[from + c] - mean) * inverse * dx[from + c];
            }
            along /= d;
            double level = centred ? sum(dx, from, d) / d : 0;
            for (int c = 0; c < d; c++) {
                double normal = (x[from + c] - mean) * inverse;
                out[to + c] = gain[c] * inverse * (dx[from + c] - level - normal * along);
            }
        }
    }

    /** Σ (x − mean) · inverse · dy · gain, in four sums at a time, which do not wait for each other. */
    private static double projection(
            int d, double[] x, int from, double mean, double inverse, double[] dy, int start, double[] gain) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int c = 0;
        for (; c + 3 < d; c += 4) {
            s0 += (x[from + c] - mean) * dy[start + c] * gain[c];
            s1 += (x[from + c + 1] - mean) * dy[start + c + 1] * gain[c + 1];
            s2 += (x[from + c + 2] - mean) * dy[start + c + 2] * gain[c + 2];
            s3 += (x[from + c + 3] - mean) * dy[start + c + 3] * gain[c + 3];
        }
        for (; c < d; c++) {
            s0 += (x[from + c] - mean) * dy[start + c] * gain[c];
        }
        return (s0 + s1 + (s2 + s3)) * inverse;
    }

    private static double dot(int d, double[] x, int from, double[] y, int start) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int c = 0;
        for (; c + 3 < d; c += 4) {
            s0 += x[from + c] * y[start + c];
            s1 += x[from + c + 1] * y[start + c + 1];
            s2 += x[from + c + 2] * y[start + c + 2];
            s3 += x[from + c + 3] * y[start + c + 3];
        }
        for (; c < d; c++) {
            s0 += x[from + c] * y[start + c];
        }
        return s0 + s1 + (s2 + s3);
    }

    private static double sum(double[] x, int from, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int c = 0;
        for (; c + 3 < count; c += 4) {
            s0 += x[from + c];
            s1 += x[from + c + 1];
            s2 += x[from + c + 2];
            s3 += x[from + c + 3];
        }
        for (; c < count; c++) {
            s0 += x[from + c];
        }
        return s0 + s1 + (s2 + s3);
    }

    private static double squares(double[] x, int from, int d, double mean) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int c = 0;
        for (; c + 3 < d; c += 4) {
            double x0 = x[from + c] - mean;
            double x1 = x[from + c + 1] - mean;
            double x2 = x[from + c + 2] - mean;
            double x3 = x[from + c + 3] - mean;
            s0 += x0 * x0;
            s1 += x1 * x1;
            s2 += x2 * x2;
            s3 += x3 * x3;
        }
        for (; c < d; c++) {
            double x0 = x[from + c] - mean;
            s0 += x0 * x0;
        }
        return s0 + s1 + (s2 + s3);
    }

    @Override
    public void activate(
            Activation activation,
            boolean gated,
            int rows,
            int hidden,
            double[] z,
            double[] out,
            int stride,
            Scratch<double[]> scratch) {
        int zStride = gated ? 2 * hidden : hidden;
        double[] own = scratch.array(ROOM, hidden);
        double[] other = scratch.array(ROOM + 1, hidden);
        double[] gates = scratch.array(ROOM + 2, hidden);
        for (int r = 0; r < rows; r++) {
            int from = r * zStride;
            int to = r * stride;
            System.arraycopy(z, from, own, 0, hidden);
            gates(activation, hidden, own, other, gates);
            multiply(hidden, own, gates);
            if (gated) {
                System.arraycopy(z, from + hidden, other, 0, hidden);
                multiply(hidden, other, gates);
            }
            System.arraycopy(gates, 0, out, to, hidden);
            if (stride > hidden) {
                out[to + hidden] = 1;
            }
        }
    }

    @Override
    public void activationBackward(
            Activation activation,
            boolean gated,
            int rows,
            int hidden,
            double[] z,
            double[] d,
            double[] dz,
            Scratch<double[]> scratch) {
        int zStride = gated ? 2 * hidden : hidden;
        double[] own = scratch.array(ROOM, hidden);
        double[] other = scratch.array(ROOM + 1, hidden);
        double[] gates = scratch.array(ROOM + 2, hidden);
        double[] down = scratch.array(ROOM + 3, hidden);
        double[] up = scratch.array(ROOM + 4, hidden);
        for (int r = 0; r < rows; r++) {
            int from = r * zStride;
            System.arraycopy(z, from, own, 0, hidden);
            gates(activation, hidden, own, other, gates);
            System.arraycopy(d, r * hidden, down, 0, hidden);
            if (gated) {
                System.arraycopy(down, 0, up, 0, hidden);
                multiply(hidden, own, up);
                multiply(hidden, gates, up);
                System.arraycopy(up, 0, dz, from + hidden, hidden);
                System.arraycopy(z, from + hidden, other, 0, hidden);
                multiply(hidden, other, down);
            }
            multiplySlopes(activation, hidden, own, gates, down);
            System.arraycopy(down, 0, dz, from, hidden);
        }
    }

    @Override
    public void activationTangent(
            Activation activation,
            boolean gated,
            int rows,
            int hidden,
            double[] z,
            double[] dz,
            double[] d,
            Scratch<double[]> scratch) {
        int zStride = gated ? 2 * hidden : hidden;
        double[] own = scratch.array(ROOM, hidden);
        double[] other = scratch.array(ROOM + 1, hidden);
        double[] gates = scratch.array(ROOM + 2, hidden);
        double[] moves = scratch.array(ROOM + 3, hidden);
        for (int r = 0; r < rows; r++) {
            int from = r * zStride;
            System.arraycopy(z, from, own, 0, hidden);
            gates(activation, hidden, own, other, gates);
            System.arraycopy(dz, from, moves, 0, hidden);
            multiplySlopes(activation, hidden, own, gates, moves);
            if (gated) {
                System.arraycopy(z, from + hidden, other, 0, hidden);
                multiply(hidden, other, moves);
                System.arraycopy(dz, from + hidden, other, 0, hidden);
                multiply(hidden, own, gates);
                multiply(hidden, other, gates);
                add(gates, 0, moves, 0, hidden);
            }
            System.arraycopy(moves, 0, d, r * hidden, hidden);
        }
    }

    /** y = x ∘ y. */
    private static void multiply(int count, double[] x, double[] y) {
        for (int c = 0; c < count; c++) {
            y[c] *= x[c];
        }
    }

    /** What z is multiplied by: φ(z) = z · gate. */
    private static void gates(Activation activation, int count, double[] z, double[] room, double[] gates) {
        switch (activation) {
            case RELU -> {
                for (int c = 0; c < count; c++) {
                    gates[c] = z[c] > 0 ? 1 : 0;
                }
            }
            case GELU -> {
                for (int c = 0; c < count; c++) {
                    gates[c] = -2 * ROOT_TWO_OVER_PI * (z[c] + CUBIC * z[c] * z[c] * z[c]);
                }
                logistic(count, gates, room);
            }
            case GELU_ERF -> {
                for (int c = 0; c < count; c++) {
                    gates[c] = (1 + ErrorFunction.of(z[c] * ROOT_HALF)) / 2;
                }
            }
            case SILU -> {
                for (int c = 0; c < count; c++) {
                    gates[c] = -z[c];
                }
                logistic(count, gates, room);
            }
        }
    }

    /** 1 / (1 + e^x); for GELU ½ (1 + tanh u) = 1 / (1 + e^(−2u)) with u = √(2/π) (z + 0.044715 z³). */
    private static void logistic(int count, double[] x, double[] room) {
        Exponential.replace(x, room, count);
        for (int c = 0; c < count; c++) {
            x[c] = 1 / (1 + x[c]);
        }
    }

    /** d = φ′(z) ∘ d. */
    private static void multiplySlopes(Activation activation, int count, double[] z, double[] gates, double[] d) {
        switch (activation) {
            case RELU -> multiply(count, gates, d);
            case GELU -> {
                for (int c = 0; c < count; c++) {
                    double inner = ROOT_TWO_OVER_PI * (1 + 3 * CUBIC * z[c] * z[c]);
                    d[c] *= gates[c] + z[c] * 2 * gates[c] * (1 - gates[c]) * inner;
                }
            }
            case GELU_ERF -> {
                for (int c = 0; c < count; c++) {
                    d[c] *= gates[c] + z[c] * DENSITY * Exponential.of(-z[c] * z[c] / 2);
                }
            }
            case SILU -> {
                for (int c = 0; c < count; c++) {
                    d[c] *= gates[c] * (1 + z[c] * (1 - gates[c]));
                }
            }
        }
    }

    @Override
    public void rotate(
            Rotation rotation, int rows, int stride, int[] positions, int firstRow, boolean back, double[] values) {
        int half = rotation.width() / 2;
        for (int r = 0; r < rows; r++) {
            int at = positions[firstRow + r] * half;
            for (int start : rotation.starts()) {
                int low = r * stride + start;
                int high = low + half;
                for (int k = 0; k < half; k++) {
                    double cos = (double) rotation.cosines()[at + k];
                    double sin = (double) (back ? -rotation.sines()[at + k] : rotation.sines()[at + k]);
                    double x = values[low + k];
                    double y = values[high + k];
                    values[low + k] = x * cos - y * sin;
                    values[high + k] = y * cos + x * sin;
                }
            }
        }
    }

    @Override
    public void causalSoftmax(int length, int window, double[] scores, int start, Scratch<double[]> scratch) {
        double[] row = scratch.array(ROOM, length);
        double[] room = scratch.array(ROOM + 1, length);
        for (int r = 0; r < length; r++) {
            int from = start + r * length;
            int first = Math.max(0, r - (window - 1));
            int count = r + 1 - first;
            System.arraycopy(scores, from + first, row, 0, count);
            softmax(count, row, room);
            Arrays.fill(scores, from, from + first, 0);
            System.arraycopy(row, 0, scores, from + first, count);
            Arrays.fill(scores, from + r + 1, from + length, 0);
        }
    }

    @Override
    public void causalSoftmaxJacobian(int length, double factor, double[] p, double[] d, int start) {
        for (int r = 0; r < length; r++) {
            int from = start + r * length;
            softmaxJacobian(1, r + 1, factor, p, d, from);
            Arrays.fill(d, from + r + 1, from + length, 0);
        }
    }

    @Override
    public void subtractLikeliest(int columns, double[] p, double[] d, int start) {
        int likeliest = start;
        for (int c = start + 1; c < start + columns; c++) {
            likeliest = p[c] > p[likeliest] ? c : likeliest;
        }
        double by = d[likeliest];
        for (int c = start; c < start + columns; c++) {
            d[c] -= by;
        }
    }

    @Override
    public void softmaxJacobian(int rows, int columns, double factor, double[] p, double[] d, int start) {
        double by = (double) factor;
        for (int r = 0; r < rows; r++) {
            int from = start + r * columns;
            double sum = dot(columns, p, from, d, from);
            for (int c = 0; c < columns; c++) {
                d[from + c] = by * p[from + c] * (d[from + c] - sum);
            }
        }
    }

    @Override
    public double softmax(int columns, double[] logits, int start) {
        double max = max(columns, logits, start);
        double[] run = new double[Math.min(columns, RUN)];
        double[] room = new double[run.length];
        double total = 0;
        for (int first = 0; first < columns; first += RUN) {
            int count = Math.min(RUN, columns - first);
            System.arraycopy(logits, start + first, run, 0, count);
            total += exponentials(count, run, max, room);
            System.arraycopy(run, 0, logits, start + first, count);
        }
        double by = 1 / total;
        for (int c = 0; c < columns; c++) {
            logits[start + c] *= by;
        }
        return max + Math.log(total);
    }

    /** x = e^(x − max); returns their sum. */
    private static double exponentials(int count, double[] x, double max, double[] room) {
        for (int c = 0; c < count; c++) {
            x[c] -= max;
        }
        Exponential.replace(x, room, count);
        return sum(x, 0, count);
    }

    private static void softmax(int count, double[] x, double[] room) {
        double by = 1 / exponentials(count, x, max(count, x, 0), room);
        for (int c = 0; c < count; c++) {
            x[c] *= by;
        }
    }

    @Override
    public double crossEntropy(int columns, int target, double factor, double[] logits, int start) {
        double own = logits[start + target];
        double normaliser = softmax(columns, logits, start);
        logits[start + target] = lessOne(columns, target, logits, start);
        double by = (double) factor;
        for (int c = 0; by != 1 && c < columns; c++) {
            logits[start + c] *= by;
        }
        return normaliser - own;
    }

    /** p − 1 of the target; minus the other probabilities where it is likely, since p − 1 has no digits left near 1. */
    private static double lessOne(int columns, int target, double[] probabilities, int start) {
        double own = probabilities[start + target];
        if (own < LIKELY) {
            return own - 1;
        }
        probabilities[start + target] = 0;
        double others = 0;
        for (int first = 0; first < columns; first += RUN) {
            others += sum(probabilities, start + first, Math.min(RUN, columns - first));
        }
        return (double) -others;
    }

    @Override
    public double loss(int columns, int target, double[] logits, int start) {
        double max = max(columns, logits, start);
        double total = 0;
        for (int c = 0; c < columns; c++) {
            total += Math.exp(logits[start + c] - max);
        }
        return Math.log(total) - (logits[start + target] - max);
    }

    private static double max(int columns, double[] values, int start) {
        double max = values[start];
        for (int c = 1; c < columns; c++) {
            max = Math.max(max, values[start + c]);
        }
        return max;
    }

    @Override
    public void adam(
            AdamStep step,
            int count,
            double decay,
            double[] w,
            double[] g,
            double[] mean,
            double[] square,
            int momentsStart) {
        double beta1 = (double) step.beta1();
        double beta2 = (double) step.beta2();
        double other1 = (double) (1 - step.beta1());
        double other2 = (double) (1 - step.beta2());
        double rate = (double) (step.rate() / step.meanCorrection());
        double correction = (double) (1 / step.squareCorrection());
        double epsilon = (double) step.epsilon();
        double keep = (double) (1 - step.rate() * decay);
        for (int k = 0; k < count; k++) {
            double gradient = g[k];
            double m = beta1 * mean[momentsStart + k] + other1 * gradient;
            double v = beta2 * square[momentsStart + k] + other2 * gradient * gradient;
            mean[momentsStart + k] = m;
            square[momentsStart + k] = v;
            w[k] = keep * w[k] - rate * m / ((double) Math.sqrt(v * correction) + epsilon);
        }
    }
}
