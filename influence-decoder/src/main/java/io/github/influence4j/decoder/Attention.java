package io.github.influence4j.decoder;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;

/**
 * Causal multi-head attention on the rows of a batch: P = softmax(Q Kᵀ/√w) over the positions up to one's own, O = P V, for
 * each head of width w of each sequence. Costs 4t²w flops for a head of t positions forward and 10t²w backward, where P is
 * computed again: what is kept between the passes is only Q, K and V, and one task at a time holds the [heads · t, t] numbers of
 * its sequence.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class Attention<A> {

    private final MatrixBackend backend;
    private final RowKernels<A> kernels;
    private final RowBlocks<A> blocks;
    private final HeadColumns columns;
    private final int heads;
    private final double scale;
    private SequenceRows rows;

    Attention(MatrixBackend backend, RowBlocks<A> blocks, RowKernels<A> kernels, DecoderShape shape) {
        this.backend = backend;
        this.kernels = kernels;
        this.blocks = blocks;
        this.columns = HeadColumns.of(shape);
        this.heads = shape.heads();
        this.scale = 1 / Math.sqrt(shape.headWidth());
        this.rows = SequenceRows.EMPTY;
    }

    /** Starts on other rows. */
    void load(SequenceRows next) {
        rows = next;
    }

    /** Queries, keys and values [rows, p] → O [rows, heads · w]. */
    void forward(int window, BackendMatrix projections, BackendMatrix outputs) {
        blocks.forTasks(rows.sequences(), (s, scratch) -> {
            int t = rows.sequenceLength(s);
            BackendMatrix p = probabilities(window, projections, s, scratch);
            for (int h = 0; h < heads; h++) {
                product(1, Operand.of(p.rows(h * t, t)), Operand.of(value(projections, s, h)), 0, head(outputs, s, h));
            }
        });
    }

    /** P of a sequence, [heads · t, t]. */
    private BackendMatrix probabilities(int window, BackendMatrix projections, int s, Scratch<A> scratch) {
        int t = rows.sequenceLength(s);
        BackendMatrix p = scratch.matrix(0, heads * t, t);
        for (int h = 0; h < heads; h++) {
            product(
                    scale,
                    Operand.of(query(projections, s, h)),
                    Operand.transposed(key(projections, s, h)),
                    0,
                    p.rows(h * t, t));
        }
        A scores = scratch.array(0, heads * t * t);
        kernels.read(p, 0, heads * t, scores);
        for (int h = 0; h < heads; h++) {
            kernels.causalSoftmax(t, window, scores, h * t * t);
        }
        backend.upload(kernels.matrix(scores, heads * t, t), p);
        return p;
    }

    /** Gradients at O [rows, heads · w] → gradients at queries, keys and values [rows, p]. */
    void backward(int window, BackendMatrix projections, BackendMatrix outputGradients, BackendMatrix gradients) {
        blocks.forTasks(rows.sequences(), (s, scratch) -> {
            int t = rows.sequenceLength(s);
            BackendMatrix p = probabilities(window, projections, s, scratch);
            BackendMatrix d = scratch.matrix(1, heads * t, t);
            for (int h = 0; h < heads; h++) {
                BackendMatrix output = head(outputGradients, s, h);
                product(1, Operand.transposed(p.rows(h * t, t)), Operand.of(output), sharer(h), value(gradients, s, h));
                product(1, Operand.of(output), Operand.transposed(value(projections, s, h)), 0, d.rows(h * t, t));
            }
            softmaxJacobian(t, d, scratch);
            for (int h = 0; h < heads; h++) {
                BackendMatrix scores = d.rows(h * t, t);
                product(1, Operand.of(scores), Operand.of(key(projections, s, h)), 0, query(gradients, s, h));
                product(
                        1,
                        Operand.transposed(scores),
                        Operand.of(query(projections, s, h)),
                        sharer(h),
                        key(gradients, s, h));
            }
        });
    }

    /** 0 for the first head of queries that reads a head of keys and values, 1 for those whose gradients are added to it. */
    private int sharer(int head) {
        return head > 0 && columns.keyOf(head) == columns.keyOf(head - 1) ? 1 : 0;
    }

    /** Tangents of queries, keys and values [rows, p] → tangents of O [rows, heads · w]. */
    void tangents(int window, BackendMatrix projections, BackendMatrix tangents, BackendMatrix outputTangents) {
        blocks.forTasks(rows.sequences(), (s, scratch) -> {
            int t = rows.sequenceLength(s);
            BackendMatrix p = probabilities(window, projections, s, scratch);
            BackendMatrix d = scratch.matrix(1, heads * t, t);
            for (int h = 0; h < heads; h++) {
                BackendMatrix scores = d.rows(h * t, t);
                product(1, Operand.of(query(tangents, s, h)), Operand.transposed(key(projections, s, h)), 0, scores);
                product(1, Operand.of(query(projections, s, h)), Operand.transposed(key(tangents, s, h)), 1, scores);
            }
            softmaxJacobian(t, d, scratch);
            for (int h = 0; h < heads; h++) {
                BackendMatrix output = head(outputTangents, s, h);
                product(1, Operand.of(d.rows(h * t, t)), Operand.of(value(projections, s, h)), 0, output);
                product(1, Operand.of(p.rows(h * t, t)), Operand.of(value(tangents, s, h)), 1, output);
            }
        });
    }

    /** After {@link #probabilities}, which leaves P in the first array: d = scale · P ∘ (d − Σ P ∘ d). */
    private void softmaxJacobian(int t, BackendMatrix d, Scratch<A> scratch) {
        A probabilities = scratch.array(0, heads * t * t);
        A gradients = scratch.array(1, heads * t * t);
        kernels.read(d, 0, heads * t, gradients);
        kernels.softmaxJacobian(heads * t, t, scale, probabilities, gradients, 0);
        backend.upload(kernels.matrix(gradients, heads * t, t), d);
    }

    private void product(double alpha, Operand a, Operand b, double beta, BackendMatrix c) {
        backend.multiply(alpha, a, b, beta, c);
    }

    private BackendMatrix query(BackendMatrix all, int s, int head) {
        return columns(all, s, columns.query(head));
    }

    private BackendMatrix key(BackendMatrix all, int s, int head) {
        return columns(all, s, columns.key(columns.keyOf(head)));
    }

    private BackendMatrix value(BackendMatrix all, int s, int head) {
        return columns(all, s, columns.value(columns.keyOf(head)));
    }

    private BackendMatrix head(BackendMatrix all, int s, int head) {
        return columns(all, s, head * columns.width());
    }

    private BackendMatrix columns(BackendMatrix all, int s, int first) {
        return all.view(rows.sequenceStart(s), rows.sequenceLength(s), first, columns.width());
    }
}
