package io.github.influence4j.decoder;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;

/**
 * The MLP of every block: n → z = W_fc n → φ(z), or φ(z₁) ∘ z₂ → W_proj.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class MlpBranch<A> implements Branch {

    private final MatrixBackend backend;
    private final DecoderShape shape;
    private final RowKernels<A> kernels;
    private final RowBlocks<A> blocks;
    private final Products products;
    private final Buffer[] hidden;
    private final Buffer[] activated;
    private final Buffer wide;
    private final Buffer narrow;
    private int rows;

    MlpBranch(
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
        hidden = buffers.make(shape.blocks());
        activated = buffers.make(shape.blocks());
        wide = buffers.make(1)[0];
        narrow = buffers.make(1)[0];
    }

    @Override
    public void load(SequenceRows batch) {
        rows = batch.rows();
    }

    private BackendMatrix hidden(int block) {
        return hidden[block].as(rows, shape.fcWidth());
    }

    private BackendMatrix activated(int block) {
        return activated[block].as(rows, LinearMap.PROJ.columns(shape));
    }

    @Override
    public void forward(int block, BackendMatrix inputs, BackendMatrix outputs) {
        BackendMatrix z = hidden(block);
        BackendMatrix a = activated(block);
        products.forward(LinearMap.FC, block, inputs, z);
        int columns = shape.fcWidth();
        int stride = a.columns();
        blocks.forEach(rows, columns, (b, first, count, scratch) -> {
            A values = scratch.array(0, count * columns);
            A results = scratch.array(1, count * stride);
            kernels.read(z, first, count, values);
            kernels.activate(
                    shape.activation(), shape.gated(), count, shape.hidden(), values, results, stride, scratch);
            kernels.upload(backend, results, a.rows(first, count));
        });
        products.forward(LinearMap.PROJ, block, a, outputs);
    }

    @Override
    public void backward(
            int block,
            BackendMatrix inputs,
            BackendMatrix atOutputs,
            LinearMapVisitor visitor,
            boolean further,
            BackendMatrix atInputs) {
        visitor.visit(LinearMap.PROJ, block, 0, activated(block), atOutputs);
        BackendMatrix da = narrow.as(rows, shape.hidden());
        products.back(LinearMap.PROJ, block, atOutputs, da);
        BackendMatrix dz = wide.as(rows, shape.fcWidth());
        BackendMatrix z = hidden(block);
        middle(
                z,
                da,
                dz,
                (count, values, downs, results, scratch) -> kernels.activationBackward(
                        shape.activation(), shape.gated(), count, shape.hidden(), values, downs, results, scratch));
        visitor.visit(LinearMap.FC, block, 0, inputs, dz);
        if (further) {
            products.back(LinearMap.FC, block, dz, atInputs);
        }
    }

    private interface Derivative<A> {
        void apply(int count, A z, A given, A result, Scratch<A> scratch);
    }

    private void middle(BackendMatrix z, BackendMatrix given, BackendMatrix result, Derivative<A> derivative) {
        int columns = shape.fcWidth();
        blocks.forEach(rows, columns, (b, first, count, scratch) -> {
            A values = scratch.array(0, count * columns);
            A givens = scratch.array(1, count * given.columns());
            A results = scratch.array(2, count * result.columns());
            kernels.read(z, first, count, values);
            kernels.read(given, first, count, givens);
            derivative.apply(count, values, givens, results, scratch);
            kernels.upload(backend, results, result.rows(first, count));
        });
    }

    @Override
    public void tangent(
            int block,
            BackendMatrix inputs,
            BackendMatrix inputTangents,
            ParameterMatrices direction,
            BackendMatrix outputTangents) {
        BackendMatrix dz = wide.as(rows, shape.fcWidth());
        products.tangent(LinearMap.FC, block, inputs, inputTangents, direction, dz);
        BackendMatrix da = narrow.as(rows, shape.hidden());
        middle(
                hidden(block),
                dz,
                da,
                (count, values, moves, results, scratch) -> kernels.activationTangent(
                        shape.activation(), shape.gated(), count, shape.hidden(), values, moves, results, scratch));
        products.tangent(LinearMap.PROJ, block, activated(block), da, direction, outputTangents);
    }

    @Override
    public void gains(ParameterMatrices result) {
        // the MLP has no norm of its own
    }
}
