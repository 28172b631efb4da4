package io.github.influence4j.decoder;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;

/**
 * The attention of every block: n → W_qkv n → norms of queries and keys → rotary positions → attention → W_o.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class AttentionBranch<A> implements Branch {

    private final MatrixBackend backend;
    private final DecoderShape shape;
    private final RowKernels<A> kernels;
    private final RowBlocks<A> blocks;
    private final Products products;
    private final Attention<A> attention;
    private final QueryKeyNorms<A> norms;
    private final BufferSet buffers;
    private final Buffer[] raw;
    private final Buffer[] projections;
    private final Buffer[] attended;
    private final Buffer gradients;
    private final Buffer outputGradients;
    private SequenceRows rows;
    private Rotation rotation;
    private int rotated;
    private int[] positions = new int[0];

    AttentionBranch(
            MatrixBackend backend,
            ParameterMatrices weights,
            RowBlocks<A> blocks,
            RowKernels<A> kernels,
            BufferSet buffers) {
        this.backend = backend;
        this.shape = weights.shape();
        this.kernels = kernels;
        this.blocks = blocks;
        this.products = new Products(backend, weights);
        this.attention = new Attention<>(backend, blocks, kernels, shape);
        this.norms = new QueryKeyNorms<>(backend, kernels, weights);
        this.buffers = buffers;
        this.rows = SequenceRows.EMPTY;
        raw = buffers.make(shape.blocks());
        projections = buffers.make(shape.blocks());
        attended = buffers.make(shape.blocks());
        gradients = buffers.make(1)[0];
        outputGradients = buffers.make(1)[0];
        rotation = rotation(0);
    }

    private Rotation rotation(int length) {
        rotated = length;
        return new Rotation(shape.rotary().orElse(RotaryPositions.of(1, 2)), HeadColumns.of(shape), length);
    }

    @Override
    public void load(SequenceRows batch) {
        rows = batch;
        attention.load(batch);
        norms.load(batch.rows());
        positions = batch.positions();
        if (shape.rotary().isPresent() && batch.longestSequence() > rotated) {
            rotation = rotation(batch.longestSequence());
        }
    }

    private BackendMatrix projections(int block) {
        return projections[block].as(rows.rows(), shape.projectionWidth());
    }

    /** Queries, keys and values before their norms: the same memory where there are none. */
    private BackendMatrix raw(int block) {
        return norms.none() ? projections(block) : raw[block].as(rows.rows(), shape.projectionWidth());
    }

    private BackendMatrix attended(int block) {
        return attended[block].as(rows.rows(), LinearMap.ATTENTION_OUTPUT.columns(shape));
    }

    private boolean plain() {
        return norms.none() && shape.rotary().isEmpty();
    }

    @Override
    public void forward(int block, BackendMatrix inputs, BackendMatrix outputs) {
        BackendMatrix before = raw(block);
        products.forward(LinearMap.QUERY_KEY_VALUE, block, inputs, before);
        BackendMatrix after = projections(block);
        if (!plain()) {
            int columns = shape.projectionWidth();
            blocks.forEach(rows.rows(), columns, (b, first, count, scratch) -> {
                A values = scratch.array(0, count * columns);
                kernels.read(before, first, count, values);
                norms.forward(block, first, count, values, scratch);
                rotate(first, count, false, values);
                kernels.upload(backend, values, after.rows(first, count));
            });
        }
        BackendMatrix mixed = attended(block);
        attention.forward(shape.window(block), after, mixed);
        if (mixed.columns() > shape.queryWidth()) {
            buffers.fill(mixed.view(0, rows.rows(), shape.queryWidth(), 1), 1);
        }
        products.forward(LinearMap.ATTENTION_OUTPUT, block, mixed, outputs);
    }

    private void rotate(int first, int count, boolean back, A values) {
        if (shape.rotary().isPresent()) {
            kernels.rotate(rotation, count, shape.projectionWidth(), positions, first, back, values);
        }
    }

    @Override
    public void backward(
            int block,
            BackendMatrix inputs,
            BackendMatrix atOutputs,
            LinearMapVisitor visitor,
            boolean further,
            BackendMatrix atInputs) {
        visitor.visit(LinearMap.ATTENTION_OUTPUT, block, 0, attended(block), atOutputs);
        BackendMatrix mixed = outputGradients.as(rows.rows(), shape.queryWidth());
        products.back(LinearMap.ATTENTION_OUTPUT, block, atOutputs, mixed);
        int columns = shape.projectionWidth();
        BackendMatrix down = gradients.as(rows.rows(), columns);
        attention.backward(shape.window(block), projections(block), mixed, down);
        if (!plain()) {
            BackendMatrix before = raw(block);
            norms.startGradients(block, RowBlocks.count(rows.rows(), columns));
            blocks.forEach(rows.rows(), columns, (b, first, count, scratch) -> {
                A values = scratch.array(0, count * columns);
                A results = scratch.array(1, count * columns);
                kernels.read(down, first, count, results);
                rotate(first, count, true, results);
                if (!norms.none()) {
                    kernels.read(before, first, count, values);
                    norms.backward(block, b, first, count, values, results, scratch);
                }
                kernels.upload(backend, results, down.rows(first, count));
            });
            norms.finishGradients(block);
        }
        visitor.visit(LinearMap.QUERY_KEY_VALUE, block, 0, inputs, down);
        if (further) {
            products.back(LinearMap.QUERY_KEY_VALUE, block, down, atInputs);
        }
    }

    @Override
    public void tangent(
            int block,
            BackendMatrix inputs,
            BackendMatrix inputTangents,
            ParameterMatrices direction,
            BackendMatrix outputTangents) {
        int columns = shape.projectionWidth();
        BackendMatrix moves = gradients.as(rows.rows(), columns);
        products.tangent(LinearMap.QUERY_KEY_VALUE, block, inputs, inputTangents, direction, moves);
        if (!plain()) {
            BackendMatrix before = raw(block);
            blocks.forEach(rows.rows(), columns, (b, first, count, scratch) -> {
                A values = scratch.array(0, count * columns);
                A results = scratch.array(1, count * columns);
                kernels.read(moves, first, count, results);
                if (!norms.none()) {
                    kernels.read(before, first, count, values);
                    norms.tangent(block, first, count, values, results, scratch);
                }
                rotate(first, count, false, results);
                kernels.upload(backend, results, moves.rows(first, count));
            });
        }
        BackendMatrix mixed = outputGradients.as(rows.rows(), shape.queryWidth());
        attention.tangents(shape.window(block), projections(block), moves, mixed);
        products.tangent(LinearMap.ATTENTION_OUTPUT, block, attended(block), mixed, direction, outputTangents);
    }

    @Override
    public void gains(ParameterMatrices result) {
        norms.gains(result);
    }
}
