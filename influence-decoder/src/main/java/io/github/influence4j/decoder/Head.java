package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;

/**
 * The map from the last hidden states to the logits, and what becomes of the logits, for a block of rows at a time: the logits
 * of a large vocabulary are much more numbers than the rest of the model gives for a row.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class Head<A> {

    /** Numbers of a block of logits: 64 MiB in float32, and some hundred rows of the usual vocabularies. */
    private static final int BLOCK = 1 << 24;

    /** Takes what became of a block of logits. */
    interface Rows {
        void take(int first, BackendMatrix states, BackendMatrix results);
    }

    private final MatrixBackend backend;
    private final RowKernels<A> kernels;
    private final RowBlocks<A> blocks;
    private final Products products;
    private final int columns;
    private final Buffer logits;
    private final Buffer moves;

    Head(
            MatrixBackend backend,
            ParameterMatrices weights,
            RowBlocks<A> blocks,
            RowKernels<A> kernels,
            BufferSet buffers) {
        this.backend = backend;
        this.kernels = kernels;
        this.blocks = blocks;
        this.products = new Products(backend, weights);
        this.columns = weights.shape().vocabulary();
        logits = buffers.make(1)[0];
        moves = buffers.make(1)[0];
    }

    /** Rows of logits that are there at a time, where a batch has as many. */
    static int blockRows(int vocabulary) {
        return Math.max(1, BLOCK / vocabulary);
    }

    private interface Block {
        void run(int first, int count);
    }

    private void forEach(int rows, Block block) {
        int size = blockRows(columns);
        for (int first = 0; first < rows; first += size) {
            block.run(first, Math.min(size, rows - first));
        }
    }

    private BackendMatrix logits(int first, int count, BackendMatrix states) {
        BackendMatrix result = logits.as(count, columns);
        products.forward(LinearMap.HEAD, 0, states.rows(first, count), result);
        return result;
    }

    /**
     * Computes logits, replaces them row by row, and sums the losses in a fixed order.
     *
     * @param states the last hidden states, normalised [rows, d]
     * @param loss what replaces a row
     * @param taken receives the results
     * @return the sum
     */
    double run(SequenceRows rows, BackendMatrix states, RowLoss<A> loss, Rows taken) {
        double[] sum = new double[1];
        int[] examples = rows.exampleOfRows();
        forEach(rows.rows(), (first, count) -> {
            BackendMatrix all = logits(first, count, states);
            double[] sums = new double[RowBlocks.count(count, columns)];
            blocks.forEach(count, columns, (b, start, n, scratch) -> {
                A values = scratch.array(0, n * columns);
                kernels.read(all, start, n, values);
                for (int r = 0; r < n; r++) {
                    int row = first + start + r;
                    sums[b] += loss.apply(examples[row], row, values, r * columns);
                }
                kernels.upload(backend, values, all.rows(start, n));
            });
            for (double part : sums) {
                sum[0] += part;
            }
            taken.take(first, states.rows(first, count), all);
        });
        return sum[0];
    }

    /** Gives blocks of rows that were computed elsewhere, [rows, vocabulary]. */
    void given(BackendMatrix states, Matrix gradients, Rows taken) {
        forEach(gradients.rows(), (first, count) -> {
            BackendMatrix all = logits.as(count, columns);
            double[] block = new double[Math.multiplyExact(count, columns)];
            gradients.read(first, count, block, 0);
            backend.upload(Matrix.of(block, count, columns), all);
            taken.take(first, states.rows(first, count), all);
        });
    }

    /**
     * Computes the tangents of the logits and multiplies them by the Hessian of the counted rows' losses, diag(p) − ppᵀ.
     *
     * @param tangents those of the states
     * @param direction the direction of the weights
     */
    void outputHessian(
            SequenceRows rows, BackendMatrix states, BackendMatrix tangents, ParameterMatrices direction, Rows taken) {
        forEach(rows.rows(), (first, count) -> {
            BackendMatrix all = logits(first, count, states);
            BackendMatrix results = moves.as(count, columns);
            products.tangent(
                    LinearMap.HEAD, 0, states.rows(first, count), tangents.rows(first, count), direction, results);
            blocks.forEach(count, columns, (b, start, n, scratch) -> {
                A p = scratch.array(0, n * columns);
                A v = scratch.array(1, n * columns);
                kernels.read(all, start, n, p);
                kernels.read(results, start, n, v);
                for (int r = 0; r < n; r++) {
                    kernels.softmax(columns, p, r * columns);
                    kernels.subtractLikeliest(columns, p, v, r * columns);
                }
                kernels.softmaxJacobian(n, columns, 1, p, v, 0);
                for (int r = 0; r < n; r++) {
                    if (rows.weight(first + start + r) == 0) {
                        kernels.fill(v, r * columns, (r + 1) * columns, 0);
                    }
                }
                kernels.upload(backend, v, results.rows(start, n));
            });
            taken.take(first, states.rows(first, count), results);
        });
    }
}
