package io.github.influence4j.decoder;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;

/**
 * Causal multi-head attention on the rows of a batch: P = softmax(Q Kᵀ/√w) over the positions up to one's own, O = P V, for
 * each head of width w of each sequence. Costs some 2t²w flops for a head of t positions forward and 5t²w backward, where P is
 * computed again: what is kept between the passes is only Q, K and V, and one task at a time holds the [t, t] numbers of its head.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class Attention<A> {

    /** Rows whose scores are computed at a time, up to the last one's own: nothing that lies later counts. */
    private static final int STEP = 128;

    private final MatrixBackend backend;
    private final RowKernels<A> kernels;
    private final RowBlocks<A> blocks;
    private final HeadColumns columns;
    private final double scale;
    private SequenceRows rows;

    Attention(MatrixBackend backend, RowBlocks<A> blocks, RowKernels<A> kernels, DecoderShape shape) {
        this.backend = backend;
        this.kernels = kernels;
        this.blocks = blocks;
        this.columns = HeadColumns.of(shape);
        this.scale = 1 / Math.sqrt(shape.headWidth());
        this.rows = SequenceRows.EMPTY;
    }

    /** Starts on other rows. */
    void load(SequenceRows next) {
        rows = next;
    }

    /** One head of queries at a time, in the order of those that read the same keys and values. */
    private interface HeadWork<A> {
        void run(int sequence, int head, Scratch<A> scratch);
    }

    /** Heads of different keys, and of different sequences, are independent. */
    private void forHeads(HeadWork<A> work) {
        int groups = columns.keyHeads();
        int sharers = columns.heads() / groups;
        blocks.forTasks(rows.sequences() * groups, (task, scratch) -> {
            for (int k = 0; k < sharers; k++) {
                work.run(task / groups, task % groups * sharers + k, scratch);
            }
        });
    }

    /** Queries, keys and values [rows, p] → O [rows, heads · w]. */
    void forward(int window, BackendMatrix projections, BackendMatrix outputs) {
        forHeads((s, h, scratch) -> {
            BackendMatrix p = probabilities(window, projections, s, h, scratch);
            lower(p, value(projections, s, h), 0, head(outputs, s, h));
        });
    }

    /** P of a head, [t, t], which is also left in the first array. */
    private BackendMatrix probabilities(int window, BackendMatrix projections, int s, int h, Scratch<A> scratch) {
        int t = rows.sequenceLength(s);
        BackendMatrix p = scratch.matrix(0, t, t);
        scores(scale, query(projections, s, h), key(projections, s, h), 0, p);
        A scores = scratch.array(0, t * t);
        kernels.read(p, 0, t, scores);
        kernels.causalSoftmax(t, window, scores, 0, scratch);
        kernels.upload(backend, scores, p);
        return p;
    }

    /** Gradients at O [rows, heads · w] → gradients at queries, keys and values [rows, p]. */
    void backward(int window, BackendMatrix projections, BackendMatrix outputGradients, BackendMatrix gradients) {
        forHeads((s, h, scratch) -> {
            int t = rows.sequenceLength(s);
            BackendMatrix p = probabilities(window, projections, s, h, scratch);
            BackendMatrix d = scratch.matrix(1, t, t);
            BackendMatrix output = head(outputGradients, s, h);
            upper(p, output, sharer(h), value(gradients, s, h));
            scores(1, output, value(projections, s, h), 0, d);
            softmaxJacobian(t, d, scratch);
            lower(d, key(projections, s, h), 0, query(gradients, s, h));
            upper(d, query(projections, s, h), sharer(h), key(gradients, s, h));
        });
    }

    /** The part on and below the diagonal of result = factor · left rightᵀ + beta · result, and some of the rest. */
    private void scores(double factor, BackendMatrix left, BackendMatrix right, double beta, BackendMatrix result) {
        int t = result.rows();
        for (int first = 0; first < t; first += STEP) {
            int count = Math.min(STEP, t - first);
            backend.multiply(
                    factor,
                    Operand.of(left.rows(first, count)),
                    Operand.transposed(right.rows(0, first + count)),
                    beta,
                    result.view(first, count, 0, first + count));
        }
    }

    /** result = triangular · x + beta · result, where nothing lies above the diagonal. */
    private void lower(BackendMatrix triangular, BackendMatrix x, double beta, BackendMatrix result) {
        int t = triangular.rows();
        for (int first = 0; first < t; first += STEP) {
            int count = Math.min(STEP, t - first);
            backend.multiply(
                    1,
                    Operand.of(triangular.view(first, count, 0, first + count)),
                    Operand.of(x.rows(0, first + count)),
                    beta,
                    result.rows(first, count));
        }
    }

    /** result = triangularᵀ · x + beta · result; the last rows of x reach all of the result, and the others are added. */
    private void upper(BackendMatrix triangular, BackendMatrix x, double beta, BackendMatrix result) {
        int t = triangular.rows();
        int last = (t - 1) / STEP * STEP;
        for (int first = last; first >= 0; first -= STEP) {
            int count = Math.min(STEP, t - first);
            backend.multiply(
                    1,
                    Operand.transposed(triangular.view(first, count, 0, first + count)),
                    Operand.of(x.rows(first, count)),
                    first == last ? beta : 1,
                    result.rows(0, first + count));
        }
    }

    /** 0 for the first head of queries that reads a head of keys and values, 1 for those whose gradients are added to it. */
    private int sharer(int head) {
        return head > 0 && columns.keyOf(head) == columns.keyOf(head - 1) ? 1 : 0;
    }

    /** Tangents of queries, keys and values [rows, p] → tangents of O [rows, heads · w]. */
    void tangents(int window, BackendMatrix projections, BackendMatrix tangents, BackendMatrix outputTangents) {
        forHeads((s, h, scratch) -> {
            int t = rows.sequenceLength(s);
            BackendMatrix p = probabilities(window, projections, s, h, scratch);
            BackendMatrix d = scratch.matrix(1, t, t);
            scores(1, query(tangents, s, h), key(projections, s, h), 0, d);
            scores(1, query(projections, s, h), key(tangents, s, h), 1, d);
            softmaxJacobian(t, d, scratch);
            BackendMatrix output = head(outputTangents, s, h);
            lower(d, value(projections, s, h), 0, output);
            lower(p, value(tangents, s, h), 1, output);
        });
    }

    /** After {@link #probabilities}, which leaves P in the first array: d = scale · P ∘ (d − Σ P ∘ d). */
    private void softmaxJacobian(int t, BackendMatrix d, Scratch<A> scratch) {
        A gradients = scratch.array(1, t * t);
        kernels.read(d, 0, t, gradients);
        kernels.causalSoftmaxJacobian(t, scale, scratch.array(0, t * t), gradients, 0);
        kernels.upload(backend, gradients, d);
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
