package io.github.influence4j.decoder;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;

/**
 * The norms of hidden states, forward, backward and along a tangent, by blocks of rows. Norm 2l belongs to the attention of
 * block l, norm 2l + 1 to its MLP, the last one to the head.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class NormPass<A> {

    private final MatrixBackend backend;
    private final RowBlocks<A> blocks;
    private final RowKernels<A> kernels;
    private final ParameterMatrices weights;
    private final int d;
    private final boolean centred;
    private final double epsilon;
    private final int gainSize;
    private final List<A> gains = new ArrayList<>();
    private final List<A> statistics = new ArrayList<>();
    private final List<A> gainGradients = new ArrayList<>();
    private int rows;

    NormPass(MatrixBackend backend, RowBlocks<A> blocks, RowKernels<A> kernels, ParameterMatrices weights) {
        this.backend = backend;
        this.blocks = blocks;
        this.kernels = kernels;
        this.weights = weights;
        d = weights.shape().width();
        centred = weights.shape().centred();
        epsilon = weights.shape().epsilon();
        gainSize = centred ? 2 * d : d;
        for (int k = 0; k <= 2 * weights.shape().blocks(); k++) {
            gains.add(kernels.array(gainSize));
            gainGradients.add(kernels.array(gainSize));
            statistics.add(kernels.array(0));
        }
    }

    private BackendMatrix gain(ParameterMatrices of, int norm) {
        return of.matrix(of.names().norm(norm));
    }

    /** Prepares for a number of rows and reads the gains. */
    void load(int newRows) {
        rows = newRows;
        for (int k = 0; k < gains.size(); k++) {
            BackendMatrix gain = gain(weights, k);
            kernels.read(gain, 0, gain.rows(), gains.get(k));
            if (kernels.length(statistics.get(k)) < 2 * rows) {
                statistics.set(k, kernels.array(2 * rows));
            }
        }
    }

    /** out = norm(x); where out has one column more, it gets ones. */
    void forward(int norm, BackendMatrix x, BackendMatrix out) {
        blocks.forEach(rows, d, (b, first, count, scratch) -> {
            A values = scratch.array(0, count * d);
            kernels.read(x, first, count, values);
            normalise(norm, first, count, values, scratch, out);
        });
    }

    /** sum = x + delta, out = norm(sum). */
    void addForward(int norm, BackendMatrix x, BackendMatrix delta, BackendMatrix sum, BackendMatrix out) {
        blocks.forEach(rows, d, (b, first, count, scratch) -> {
            A values = scratch.array(0, count * d);
            A deltas = scratch.array(1, count * d);
            kernels.read(x, first, count, values);
            kernels.read(delta, first, count, deltas);
            kernels.add(deltas, 0, values, 0, count * d);
            kernels.upload(backend, values, sum.rows(first, count));
            normalise(norm, first, count, values, scratch, out);
        });
    }

    /** out = x + norm(delta). */
    void addNormed(int norm, BackendMatrix x, BackendMatrix delta, BackendMatrix out) {
        blocks.forEach(rows, d, (b, first, count, scratch) -> {
            A values = scratch.array(0, count * d);
            A deltas = scratch.array(1, count * d);
            A results = scratch.array(2, count * d);
            kernels.read(x, first, count, values);
            kernels.read(delta, first, count, deltas);
            kernels.norm(count, d, centred, deltas, gains.get(norm), results, d, statistics.get(norm), first, epsilon);
            kernels.add(values, 0, results, 0, count * d);
            kernels.upload(backend, results, out.rows(first, count));
        });
    }

    private void normalise(int norm, int first, int count, A values, Scratch<A> scratch, BackendMatrix out) {
        int stride = out.columns();
        A results = scratch.array(2, count * stride);
        kernels.norm(count, d, centred, values, gains.get(norm), results, stride, statistics.get(norm), first, epsilon);
        for (int r = 0; stride > d && r < count; r++) {
            kernels.set(results, r * stride + d, 1);
        }
        kernels.upload(backend, results, out.rows(first, count));
    }

    /** dx = dx + (∂norm/∂x)ᵀ dy, or without the old dx; keeps the gradient of the gain. */
    void backward(int norm, BackendMatrix x, BackendMatrix dy, BackendMatrix dx, boolean fresh) {
        List<A> parts = new ArrayList<>();
        for (int b = 0; b < RowBlocks.count(rows, d); b++) {
            parts.add(kernels.array(gainSize));
        }
        blocks.forEach(rows, d, (b, first, count, scratch) -> {
            A values = scratch.array(0, count * d);
            A downs = scratch.array(1, count * d);
            A sums = scratch.array(2, count * d);
            kernels.read(x, first, count, values);
            kernels.read(dy, first, count, downs);
            if (fresh) {
                kernels.fill(sums, 0, count * d, 0);
            } else {
                kernels.read(dx, first, count, sums);
            }
            kernels.normBackward(
                    count, d, centred, values, downs, gains.get(norm), statistics.get(norm), first, sums, parts.get(b));
            kernels.upload(backend, sums, dx.rows(first, count));
        });
        A total = gainGradients.get(norm);
        kernels.fill(total, 0, gainSize, 0);
        parts.forEach(part -> kernels.add(part, 0, total, 0, gainSize));
    }

    /** out = (∂norm/∂x) dx. */
    void tangent(int norm, BackendMatrix x, BackendMatrix dx, BackendMatrix out) {
        blocks.forEach(rows, d, (b, first, count, scratch) -> {
            A values = scratch.array(0, count * d);
            A moves = scratch.array(1, count * d);
            A results = scratch.array(2, count * d);
            kernels.read(x, first, count, values);
            kernels.read(dx, first, count, moves);
            kernels.normTangent(
                    count, d, centred, values, moves, gains.get(norm), statistics.get(norm), first, results, d);
            kernels.upload(backend, results, out.rows(first, count));
        });
    }

    /** Writes the gradients of all gains. */
    void gains(ParameterMatrices gradients) {
        for (int k = 0; k < gains.size(); k++) {
            BackendMatrix target = gain(gradients, k);
            backend.upload(kernels.matrix(gainGradients.get(k), target.rows(), d), target);
        }
    }
}
