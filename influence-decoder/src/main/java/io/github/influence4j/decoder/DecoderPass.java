package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;

/**
 * The passes over one batch.
 *
 * <p>The stages are the branches in their order: 2l is the attention of block l, 2l + 1 its MLP, and 2 · blocks the head. Kept
 * between the passes are, for each stage, the inputs of its first linear map and what went into its norm: the residual stream
 * where the norms stand before the branches, a branch's output where they stand after.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class DecoderPass<A> implements AutoCloseable {

    /** Stage of the embeddings, below all blocks, for the passes back. */
    static final int EMBEDDINGS = -1;

    private final MatrixBackend backend;
    private final DecoderShape shape;
    private final ParameterMatrices weights;
    private final RowKernels<A> kernels;
    private final RowBlocks<A> blocks;
    private final NormPass<A> norms;
    private final List<Branch> branches;
    private final Embedding embedding;
    private final Head<A> head;
    private final Products products;
    private final Scratch<A> tables;
    private final BufferSet buffers;
    private final Buffer[] normInputs;
    private final Buffer[] mapInputs;
    private final Buffer residual;
    private final Buffer[] narrow;
    private SequenceRows rows;

    DecoderPass(MatrixBackend backend, ParameterMatrices weights, RowKernels<A> kernels) {
        this.backend = backend;
        this.shape = weights.shape();
        this.weights = weights;
        this.kernels = kernels;
        this.blocks = new RowBlocks<>(backend, kernels);
        this.norms = new NormPass<>(backend, blocks, kernels, weights);
        this.products = new Products(backend, weights);
        this.tables = new Scratch<>(backend, kernels);
        this.buffers = new BufferSet(backend);
        this.rows = SequenceRows.EMPTY;
        branches = List.of(
                new AttentionBranch<>(backend, weights, blocks, kernels, buffers),
                new MlpBranch<>(backend, weights, blocks, kernels, buffers));
        embedding = new Embedding(backend, weights);
        head = new Head<>(backend, weights, blocks, kernels, buffers);
        normInputs = buffers.make(last() + 1);
        mapInputs = buffers.make(last() + 1);
        residual = buffers.make(1)[0];
        narrow = buffers.make(3);
    }

    private int last() {
        return 2 * shape.blocks();
    }

    RowKernels<A> kernels() {
        return kernels;
    }

    SequenceRows rows() {
        return rows;
    }

    private Branch branch(int stage) {
        return branches.get(stage % 2);
    }

    /** Numbers of the matrices that grow with the rows. */
    long size() {
        return buffers.size();
    }

    /** What goes into the norm of a stage; both branches of a block share it where they are parallel. */
    private BackendMatrix normInput(int stage) {
        int owner = shape.parallel() && stage < last() ? stage - stage % 2 : stage;
        return normInputs[owner].as(rows.rows(), shape.width());
    }

    /** The inputs of the first linear map of a stage, with the ones of its bias. */
    private BackendMatrix mapInput(int stage) {
        LinearMap map = LinearMap.HEAD;
        if (stage < last()) {
            map = stage % 2 == 0 ? LinearMap.QUERY_KEY_VALUE : LinearMap.FC;
        }
        return mapInputs[stage].as(rows.rows(), map.columns(shape));
    }

    private BackendMatrix narrow(int number) {
        return narrow[number].as(rows.rows(), shape.width());
    }

    /** Computes the last hidden states of a batch. */
    void forward(SequenceRows batch) {
        rows = batch;
        branches.forEach(branch -> branch.load(batch));
        norms.load(batch.rows());
        int last = last();
        if (shape.normsAfter()) {
            embedding.states(rows, mapInput(0));
            for (int k = 0; k < last; k++) {
                branch(k).forward(k / 2, mapInput(k), normInput(k));
                norms.addNormed(k, mapInput(k), normInput(k), k + 1 == last ? normInput(last) : mapInput(k + 1));
            }
            norms.forward(last, normInput(last), mapInput(last));
            return;
        }
        embedding.states(rows, normInput(0));
        norms.forward(0, normInput(0), mapInput(0));
        BackendMatrix delta = narrow(0);
        for (int k = 0; k < last; k++) {
            branch(k).forward(k / 2, mapInput(k), delta);
            if (shape.parallel() && k % 2 == 0) {
                norms.forward(k + 1, normInput(k + 1), mapInput(k + 1));
                delta = narrow(1);
            } else {
                if (shape.parallel()) {
                    backend.addScaled(1, narrow(0), delta);
                }
                norms.addForward(k + 1, normInput(k), delta, normInput(k + 1), mapInput(k + 1));
                delta = narrow(0);
            }
        }
    }

    /** After {@link #forward}: computes the logits, block by block, and sums the losses. */
    double head(RowLoss<A> loss, Head.Rows taken) {
        return head.run(rows, mapInput(last()), loss, taken);
    }

    /**
     * After {@link #forward}: computes losses, carries their gradients back and visits every linear map on the way.
     *
     * @param loss replaces the logits by gradients, row by row
     * @param lowest where to stop: the last stage to be visited, or {@link #EMBEDDINGS}
     * @param visitor is told of each map
     * @return the sum of the losses
     */
    double backward(RowLoss<A> loss, int lowest, LinearMapVisitor visitor) {
        double sum = head.run(rows, mapInput(last()), loss, atHead(lowest, visitor));
        body(lowest, visitor);
        return sum;
    }

    /** After {@link #forward}: the same with given gradients at the logits, [rows, vocabulary]. */
    void backwardFrom(Matrix gradients, int lowest, LinearMapVisitor visitor) {
        head.given(mapInput(last()), gradients, atHead(lowest, visitor));
        body(lowest, visitor);
    }

    /**
     * After {@link #forward}: carries the tangents of the logits along a direction, multiplied by the Hessian of the loss in
     * the logits, back.
     *
     * @param direction the direction of the linear maps' weights; zero at embeddings and norms
     */
    void gaussNewton(ParameterMatrices direction, int lowest, LinearMapVisitor visitor) {
        BackendMatrix moves = tangents(direction);
        head.outputHessian(rows, mapInput(last()), moves, direction, atHead(lowest, visitor));
        body(lowest, visitor);
    }

    private Head.Rows atHead(int lowest, LinearMapVisitor visitor) {
        BackendMatrix down = narrow(0);
        return (first, states, gradients) -> {
            visitor.visit(LinearMap.HEAD, 0, first, states, gradients);
            if (lowest < last()) {
                products.back(LinearMap.HEAD, 0, gradients, down.rows(first, states.rows()));
            }
        };
    }

    /** From the gradients at the last hidden states, which {@link #atHead} left, down to the lowest stage. */
    private void body(int lowest, LinearMapVisitor visitor) {
        int last = last();
        if (lowest >= last) {
            return;
        }
        BackendMatrix dx = residual.as(rows.rows(), shape.width());
        norms.backward(last, normInput(last), narrow(0), dx, true);
        for (int k = last - 1; k >= 0 && k >= lowest; k--) {
            boolean further = k > lowest;
            if (shape.normsAfter()) {
                norms.backward(k, normInput(k), dx, narrow(1), true);
                branch(k).backward(k / 2, mapInput(k), narrow(1), visitor, further, narrow(0));
                if (further) {
                    backend.addScaled(1, narrow(0), dx);
                }
            } else if (shape.parallel()) {
                branch(k).backward(k / 2, mapInput(k), dx, visitor, further, narrow(k % 2));
                if (further && k % 2 == 0) {
                    norms.backward(k + 1, normInput(k + 1), narrow(1), dx, false);
                    norms.backward(k, normInput(k), narrow(0), dx, false);
                }
            } else {
                branch(k).backward(k / 2, mapInput(k), dx, visitor, further, narrow(0));
                if (further) {
                    norms.backward(k, normInput(k), narrow(0), dx, false);
                }
            }
        }
    }

    /** The tangents of the last hidden states. */
    private BackendMatrix tangents(ParameterMatrices direction) {
        BackendMatrix dx = residual.as(rows.rows(), shape.width());
        buffers.fill(dx, 0);
        int last = last();
        for (int k = 0; k < last; k++) {
            Branch branch = branch(k);
            if (shape.normsAfter()) {
                branch.tangent(k / 2, mapInput(k), dx, direction, narrow(0));
                norms.tangent(k, normInput(k), narrow(0), narrow(1));
                backend.addScaled(1, narrow(1), dx);
                continue;
            }
            norms.tangent(k, normInput(k), dx, narrow(2));
            branch.tangent(k / 2, mapInput(k), narrow(2), direction, narrow(k % 2));
            if (shape.parallel() && k % 2 == 0) {
                continue; // the MLP reads the same x
            }
            if (shape.parallel()) {
                backend.addScaled(1, narrow(0), dx);
            }
            backend.addScaled(1, narrow(k % 2), dx);
        }
        norms.tangent(last, normInput(last), dx, narrow(2));
        return narrow(2);
    }

    /** After a pass back to the embeddings: the gradients at the rows' hidden states before the first block. */
    BackendMatrix inputGradients() {
        return residual.as(rows.rows(), shape.width());
    }

    /** After a pass back to the embeddings: adds their gradients and those of the norms to the gradients. */
    void addRemainingGradients(ParameterMatrices gradients) {
        norms.gains(gradients);
        branches.forEach(branch -> branch.gains(gradients));
        int d = shape.width();
        A dx = tables.array(2, rows.rows() * d);
        kernels.read(inputGradients(), 0, rows.rows(), dx);
        int tokens = shape.vocabulary() * d;
        BackendMatrix embedding = gradients.embedding();
        A sums = tables.array(0, tokens);
        if (shape.tied()) {
            kernels.read(embedding, 0, shape.vocabulary(), sums);
        } else {
            kernels.fill(sums, 0, tokens, 0);
        }
        for (int r = 0; r < rows.rows(); r++) {
            kernels.add(dx, r * d, sums, rows.input(r) * d, d);
        }
        kernels.upload(backend, sums, embedding);
        if (shape.rotary().isEmpty()) {
            A positionSums = tables.array(1, shape.context() * d);
            kernels.fill(positionSums, 0, shape.context() * d, 0);
            for (int r = 0; r < rows.rows(); r++) {
                kernels.add(dx, r * d, positionSums, rows.position(r) * d, d);
            }
            kernels.upload(
                    backend, positionSums, gradients.matrix(gradients.names().positions()));
        }
    }

    @Override
    public void close() {
        buffers.close();
        blocks.close();
        tables.close();
    }
}
