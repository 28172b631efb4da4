package io.github.influence4j.models.transformer;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;

/**
 * Causal multi-head attention on the rows of a batch: P = softmax(Q Kᵀ/√w) over the positions up to one's own, O = P V, for
 * each head of width w of each sequence. Costs 4t²w flops for a head of t positions forward, 8t²w backward.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class Attention<A> {

    private final MatrixBackend backend;
    private final RowKernels<A> kernels;
    private final RowBlocks<A> blocks;
    private final int heads;
    private final int width;
    private final int headWidth;
    private final double scale;
    private SequenceRows rows;

    Attention(MatrixBackend backend, RowBlocks<A> blocks, RowKernels<A> kernels, TransformerShape shape) {
        this.backend = backend;
        this.kernels = kernels;
        this.blocks = blocks;
        this.heads = shape.heads();
        this.width = shape.width();
        this.headWidth = shape.headWidth();
        this.scale = 1 / Math.sqrt(headWidth);
        this.rows = SequenceRows.EMPTY;
    }

    /** Starts on other rows. */
    void load(SequenceRows next) {
        rows = next;
    }

    /** Numbers of the attention matrices of all heads of all sequences. */
    int squares() {
        return Math.multiplyExact(heads, rows.squares(rows.sequences()));
    }

    /** Queries, keys and values [rows, 3d] → P of all sequences [1, squares] and O [rows, d]. */
    void forward(BackendMatrix queryKeyValue, BackendMatrix probabilities, BackendMatrix outputs) {
        blocks.forTasks(rows.sequences(), (e, scratch) -> {
            int t = rows.length(e);
            BackendMatrix p = squares(probabilities, e);
            for (int h = 0; h < heads; h++) {
                product(
                        scale,
                        Operand.of(query(queryKeyValue, e, h)),
                        Operand.transposed(key(queryKeyValue, e, h)),
                        0,
                        p.rows(h * t, t));
            }
            A scores = scratch.array(0, heads * t * t);
            kernels.read(p, 0, heads * t, scores);
            for (int h = 0; h < heads; h++) {
                kernels.causalSoftmax(t, scores, h * t * t);
            }
            backend.upload(kernels.matrix(scores, heads * t, t), p);
            for (int h = 0; h < heads; h++) {
                product(
                        1,
                        Operand.of(p.rows(h * t, t)),
                        Operand.of(value(queryKeyValue, e, h)),
                        0,
                        head(outputs, e, h));
            }
        });
    }

    /** Gradients at O [rows, d] → gradients at queries, keys and values [rows, 3d]; work is as large as P. */
    void backward(
            BackendMatrix queryKeyValue,
            BackendMatrix probabilities,
            BackendMatrix outputGradients,
            BackendMatrix work,
            BackendMatrix gradients) {
        blocks.forTasks(rows.sequences(), (e, scratch) -> {
            int t = rows.length(e);
            BackendMatrix p = squares(probabilities, e);
            BackendMatrix d = squares(work, e);
            for (int h = 0; h < heads; h++) {
                BackendMatrix output = head(outputGradients, e, h);
                product(1, Operand.transposed(p.rows(h * t, t)), Operand.of(output), 0, value(gradients, e, h));
                product(1, Operand.of(output), Operand.transposed(value(queryKeyValue, e, h)), 0, d.rows(h * t, t));
            }
            softmaxJacobian(t, p, d, scale, scratch);
            for (int h = 0; h < heads; h++) {
                BackendMatrix s = d.rows(h * t, t);
                product(1, Operand.of(s), Operand.of(key(queryKeyValue, e, h)), 0, query(gradients, e, h));
                product(1, Operand.transposed(s), Operand.of(query(queryKeyValue, e, h)), 0, key(gradients, e, h));
            }
        });
    }

    /** Tangents of queries, keys and values [rows, 3d] → tangents of O [rows, d]. */
    void tangents(
            BackendMatrix queryKeyValue,
            BackendMatrix probabilities,
            BackendMatrix tangents,
            BackendMatrix work,
            BackendMatrix outputTangents) {
        blocks.forTasks(rows.sequences(), (e, scratch) -> {
            int t = rows.length(e);
            BackendMatrix p = squares(probabilities, e);
            BackendMatrix d = squares(work, e);
            for (int h = 0; h < heads; h++) {
                BackendMatrix s = d.rows(h * t, t);
                product(1, Operand.of(query(tangents, e, h)), Operand.transposed(key(queryKeyValue, e, h)), 0, s);
                product(1, Operand.of(query(queryKeyValue, e, h)), Operand.transposed(key(tangents, e, h)), 1, s);
            }
            softmaxJacobian(t, p, d, scale, scratch);
            for (int h = 0; h < heads; h++) {
                BackendMatrix output = head(outputTangents, e, h);
                product(1, Operand.of(d.rows(h * t, t)), Operand.of(value(queryKeyValue, e, h)), 0, output);
                product(1, Operand.of(p.rows(h * t, t)), Operand.of(value(tangents, e, h)), 1, output);
            }
        });
    }

    private void softmaxJacobian(int t, BackendMatrix p, BackendMatrix d, double factor, Scratch<A> scratch) {
        A probabilities = scratch.array(0, heads * t * t);
        A gradients = scratch.array(1, heads * t * t);
        kernels.read(p, 0, heads * t, probabilities);
        kernels.read(d, 0, heads * t, gradients);
        kernels.softmaxJacobian(heads * t, t, factor, probabilities, gradients, 0);
        backend.upload(kernels.matrix(gradients, heads * t, t), d);
    }

    private void product(double alpha, Operand a, Operand b, double beta, BackendMatrix c) {
        backend.multiply(alpha, a, b, beta, c);
    }

    /** The [heads·t, t] part of a sequence. */
    private BackendMatrix squares(BackendMatrix all, int e) {
        int t = rows.length(e);
        return all.view(0, 1, heads * rows.squares(e), heads * t * t).reshape(heads * t, t);
    }

    private BackendMatrix query(BackendMatrix all, int e, int h) {
        return all.view(rows.start(e), rows.length(e), h * headWidth, headWidth);
    }

    private BackendMatrix key(BackendMatrix all, int e, int h) {
        return all.view(rows.start(e), rows.length(e), width + h * headWidth, headWidth);
    }

    private BackendMatrix value(BackendMatrix all, int e, int h) {
        return all.view(rows.start(e), rows.length(e), 2 * width + h * headWidth, headWidth);
    }

    private BackendMatrix head(BackendMatrix all, int e, int h) {
        return query(all, e, h);
    }
}
