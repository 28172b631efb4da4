package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.internal.Exponential;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** float32. */
final class FloatKernels implements RowKernels<float[]> {

    private static final float LARGEST = Float.MAX_VALUE;

    /** The first array of a task's scratch that kernels use; those before are their callers'. */
    private static final int ROOM = 3;

    /** Numbers of a long row that are worked on at a time, which stay in a first-level cache. */
    private static final int RUN = 2048;

    /** From here on 1 − p is taken as the sum of the other probabilities. */
    private static final double LIKELY = 0.9;

    private static final float ROOT_TWO_OVER_PI = (float) 0.7978845608028654;
    private static final float CUBIC = (float) 0.044715;
    private static final float ROOT_HALF = (float) 0.7071067811865476;
    private static final float DENSITY = (float) 0.3989422804014327;

    @Override
    public float[] array(int length) {
        return new float[length];
    }

    @Override
    public int length(float[] array) {
        return array.length;
    }

    @Override
    public void fill(float[] array, int from, int to, double value) {
        Arrays.fill(array, from, to, (float) value);
    }

    @Override
    public double get(float[] array, int index) {
        return array[index];
    }

    @Override
    public void set(float[] array, int index, double value) {
        array[index] = (float) value;
    }

    @Override
    public void read(Matrix source, int firstRow, int rows, float[] target, int offset) {
        source.read(firstRow, rows, target, offset);
    }

    @Override
    public void upload(MatrixBackend backend, float[] numbers, BackendMatrix target) {
        backend.upload(numbers, target);
    }

    @Override
    public Matrix matrix(float[] data, int rows, int columns) {
        return Matrix.of(data, rows, columns);
    }

    @Override
    public Matrix matrix(float[] data, int offset, int rows, int columns) {
        return Matrix.of(FloatBuffer.wrap(data, offset, rows * columns).slice(), rows, columns, columns);
    }

    @Override
    public int firstNotFinite(float[] values, int start, int count) {
        for (int k = 0; k < count; k++) {
            if (!(Math.abs(values[start + k]) <= LARGEST)) {
                return k;
            }
        }
        return -1;
    }

    @Override
    public void add(float[] x, int xStart, float[] y, int yStart, int count) {
        for (int k = 0; k < count; k++) {
            y[yStart + k] += x[xStart + k];
        }
    }

    @Override
    public void norm(
            int rows,
            int d,
            boolean centred,
            float[] x,
            float[] gain,
            float[] out,
            int stride,
            float[] statistics,
            int firstRow,
            double epsilon) {
        for (int r = 0; r < rows; r++) {
            int from = r * d;
            float mean = centred ? sum(x, from, d) / d : 0;
            float inverse = (float) (1 / Math.sqrt(squares(x, from, d, mean) / d + epsilon));
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
            float[] x,
            float[] dy,
            float[] gain,
            float[] statistics,
            int firstRow,
            float[] dx,
            float[] gains) {
        for (int r = 0; r < rows; r++) {
            int from = r * d;
            float mean = statistics[2 * (firstRow + r)];
            float inverse = statistics[2 * (firstRow + r) + 1];
            float along = projection(d, x, from, mean, inverse, dy, from, gain) / d;
            float level = centred ? dot(d, dy, from, gain, 0) / d : 0;
            for (int c = 0; c < d; c++) {
                float normal = (x[from + c] - mean) * inverse;
                float down = dy[from + c];
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
            float[] x,
            float[] dx,
            float[] gain,
            float[] statistics,
            int firstRow,
            float[] out,
            int stride) {
        for (int r = 0; r < rows; r++) {
            int from = r * d;
            int to = r * stride;
            float mean = statistics[2 * (firstRow + r)];
            float inverse = statistics[2 * (firstRow + r) + 1];
            float along = 0;
            for (int c = 0; c < d; c++) {
                along += (x[from + c] - mean) * inverse * dx[from + c];
            }
            along /= d;
            float level = centred ? sum(dx, from, d) / d : 0;
            for (int c = 0; c < d; c++) {
                float normal = (x[from + c] - mean) * inverse;
                out[to + c] = gain[c] * inverse * (dx[from + c] - level - normal * along);
            }
        }
    }

    /** Σ (x − mean) · inverse · dy · gain, in four sums at a time, which do not wait for each other. */
    private static float projection(
            int d, float[] x, int from, float mean, float inverse, float[] dy, int start, float[] gain) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
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

    private static float dot(int d, float[] x, int from, float[] y, int start) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
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

    private static float sum(float[] x, int from, int count) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
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

    private static float squares(float[] x, int from, int d, float mean) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int c = 0;
        for (; c + 3 < d; c += 4) {
            float x0 = x[from + c] - mean;
            float x1 = x[from + c + 1] - mean;
            float x2 = x[from + c + 2] - mean;
            float x3 = x[from + c + 3] - mean;
            s0 += x0 * x0;
            s1 += x1 * x1;
            s2 += x2 * x2;
            s3 += x3 * x3;
        }
        for (; c < d; c++) {
            float x0 = x[from + c] - mean;
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
            float[] z,
            float[] out,
            int stride,
            Scratch<float[]> scratch) {
        int zStride = gated ? 2 * hidden : hidden;
        float[] own = scratch.array(ROOM, hidden);
        float[] other = scratch.array(ROOM + 1, hidden);
        float[] gates = scratch.array(ROOM + 2, hidden);
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
            float[] z,
            float[] d,
            float[] dz,
            Scratch<float[]> scratch) {
        int zStride = gated ? 2 * hidden : hidden;
        float[] own = scratch.array(ROOM, hidden);
        float[] other = scratch.array(ROOM + 1, hidden);
        float[] gates = scratch.array(ROOM + 2, hidden);
        float[] down = scratch.array(ROOM + 3, hidden);
        float[] up = scratch.array(ROOM + 4, hidden);
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
            float[] z,
            float[] dz,
            float[] d,
            Scratch<float[]> scratch) {
        int zStride = gated ? 2 * hidden : hidden;
        float[] own = scratch.array(ROOM, hidden);
        float[] other = scratch.array(ROOM + 1, hidden);
        float[] gates = scratch.array(ROOM + 2, hidden);
        float[] moves = scratch.array(ROOM + 3, hidden);
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
    private static void multiply(int count, float[] x, float[] y) {
        for (int c = 0; c < count; c++) {
            y[c] *= x[c];
        }
    }

    /** What z is multiplied by: φ(z) = z · gate. */
    private static void gates(Activation activation, int count, float[] z, float[] room, float[] gates) {
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
    private static void logistic(int count, float[] x, float[] room) {
        Exponential.replace(x, room, count);
        for (int c = 0; c < count; c++) {
            x[c] = 1 / (1 + x[c]);
        }
    }

    /** d = φ′(z) ∘ d. */
    private static void multiplySlopes(Activation activation, int count, float[] z, float[] gates, float[] d) {
        switch (activation) {
            case RELU -> multiply(count, gates, d);
            case GELU -> {
                for (int c = 0; c < count; c++) {
                    float inner = ROOT_TWO_OVER_PI * (1 + 3 * CUBIC * z[c] * z[c]);
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
            Rotation rotation, int rows, int stride, int[] positions, int firstRow, boolean back, float[] values) {
        int half = rotation.width() / 2;
        for (int r = 0; r < rows; r++) {
            int at = positions[firstRow + r] * half;
            for (int start : rotation.starts()) {
                int low = r * stride + start;
                int high = low + half;
                for (int k = 0; k < half; k++) {
                    float cos = (float) rotation.cosines()[at + k];
                    float sin = (float) (back ? -rotation.sines()[at + k] : rotation.sines()[at + k]);
                    float x = values[low + k];
                    float y = values[high + k];
                    values[low + k] = x * cos - y * sin;
                    values[high + k] = y * cos + x * sin;
                }
            }
        }
    }

    @Override
    public void causalSoftmax(int length, int window, float[] scores, int start, Scratch<float[]> scratch) {
        float[] row = scratch.array(ROOM, length);
        float[] room = scratch.array(ROOM + 1, length);
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
    public void causalSoftmaxJacobian(int length, double factor, float[] p, float[] d, int start) {
        for (int r = 0; r < length; r++) {
            int from = start + r * length;
            softmaxJacobian(1, r + 1, factor, p, d, from);
            Arrays.fill(d, from + r + 1, from + length, 0);
        }
    }

    @Override
    public void subtractLikeliest(int columns, float[] p, float[] d, int start) {
        int likeliest = start;
        for (int c = start + 1; c < start + columns; c++) {
            likeliest = p[c] > p[likeliest] ? c : likeliest;
        }
        float by = d[likeliest];
        for (int c = start; c < start + columns; c++) {
            d[c] -= by;
        }
    }

    @Override
    public void softmaxJacobian(int rows, int columns, double factor, float[] p, float[] d, int start) {
        float by = (float) factor;
        for (int r = 0; r < rows; r++) {
            int from = start + r * columns;
            float sum = dot(columns, p, from, d, from);
            for (int c = 0; c < columns; c++) {
                d[from + c] = by * p[from + c] * (d[from + c] - sum);
            }
        }
    }

    @Override
    public double softmax(int columns, float[] logits, int start) {
        float max = max(columns, logits, start);
        float[] run = new float[Math.min(columns, RUN)];
        float[] room = new float[run.length];
        float total = 0;
        for (int first = 0; first < columns; first += RUN) {
            int count = Math.min(RUN, columns - first);
            System.arraycopy(logits, start + first, run, 0, count);
            total += exponentials(count, run, max, room);
            System.arraycopy(run, 0, logits, start + first, count);
        }
        float by = 1 / total;
        for (int c = 0; c < columns; c++) {
            logits[start + c] *= by;
        }
        return max + Math.log(total);
    }

    /** x = e^(x − max); returns their sum. */
    private static float exponentials(int count, float[] x, float max, float[] room) {
        for (int c = 0; c < count; c++) {
            x[c] -= max;
        }
        Exponential.replace(x, room, count);
        return sum(x, 0, count);
    }

    private static void softmax(int count, float[] x, float[] room) {
        float by = 1 / exponentials(count, x, max(count, x, 0), room);
        for (int c = 0; c < count; c++) {
            x[c] *= by;
        }
    }

    @Override
    public double crossEntropy(int columns, int target, double factor, float[] logits, int start) {
        float own = logits[start + target];
        double normaliser = softmax(columns, logits, start);
        logits[start + target] = lessOne(columns, target, logits, start);
        float by = (float) factor;
        for (int c = 0; by != 1 && c < columns; c++) {
            logits[start + c] *= by;
        }
        return normaliser - own;
    }

    /** p − 1 of the target; minus the other probabilities where it is likely, since p − 1 has no digits left near 1. */
    private static float lessOne(int columns, int target, float[] probabilities, int start) {
        float own = probabilities[start + target];
        if (own < LIKELY) {
            return own - 1;
        }
        probabilities[start + target] = 0;
        double others = 0;
        for (int first = 0; first < columns; first += RUN) {
            others += sum(probabilities, start + first, Math.min(RUN, columns - first));
        }
        return (float) -others;
    }

    @Override
    public double loss(int columns, int target, float[] logits, int start) {
        float max = max(columns, logits, start);
        double total = 0;
        for (int c = 0; c < columns; c++) {
            total += Math.exp(logits[start + c] - max);
        }
        return Math.log(total) - (logits[start + target] - max);
    }

    private static float max(int columns, float[] values, int start) {
        float max = values[start];
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
            float[] w,
            float[] g,
            float[] mean,
            float[] square,
            int momentsStart) {
        float beta1 = (float) step.beta1();
        float beta2 = (float) step.beta2();
        float other1 = (float) (1 - step.beta1());
        float other2 = (float) (1 - step.beta2());
        float rate = (float) (step.rate() / step.meanCorrection());
        float correction = (float) (1 / step.squareCorrection());
        float epsilon = (float) step.epsilon();
        float keep = (float) (1 - step.rate() * decay);
        for (int k = 0; k < count; k++) {
            float gradient = g[k];
            float m = beta1 * mean[momentsStart + k] + other1 * gradient;
            float v = beta2 * square[momentsStart + k] + other2 * gradient * gradient;
            mean[momentsStart + k] = m;
            square[momentsStart + k] = v;
            w[k] = keep * w[k] - rate * m / ((float) Math.sqrt(v * correction) + epsilon);
        }
    }
}
