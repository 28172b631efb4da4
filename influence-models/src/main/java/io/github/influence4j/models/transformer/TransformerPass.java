package io.github.influence4j.models.transformer;

import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * The passes over one batch and their memory, which grows with the largest batch and is used again for every other.
 *
 * <p>The residual stream is kept before each of the 2·blocks + 1 norms; norm 2l is before the attention of block l, norm
 * 2l + 1 before its MLP, the last one before the head.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class TransformerPass<A> implements AutoCloseable {

    /** Stage of the embeddings, below all blocks, for {@link #backward}. */
    static final int EMBEDDINGS = -1;

    private final MatrixBackend backend;
    private final TransformerShape shape;
    private final ParameterMatrices weights;
    private final RowKernels<A> kernels;
    private final RowBlocks<A> blocks;
    private final Attention<A> attention;
    private final NormPass<A> norms;
    private final Scratch<A> tables;
    private SequenceRows rows;

    private final List<Buffer> owned = new ArrayList<>();
    private final Buffer[] stream;
    private final Buffer[] normed;
    private final Buffer[] queryKeyValue;
    private final Buffer[] probabilities;
    private final Buffer[] attended;
    private final Buffer[] hidden;
    private final Buffer[] activated;
    private final Buffer logits;
    private final Buffer residual;
    private final Buffer narrow;
    private final Buffer wide;
    private final Buffer projections;
    private final Buffer squares;
    private final Buffer tangents;
    private final Buffer moves;

    TransformerPass(MatrixBackend backend, ParameterMatrices weights, RowKernels<A> kernels) {
        this.backend = backend;
        this.shape = weights.shape();
        this.weights = weights;
        this.kernels = kernels;
        this.blocks = new RowBlocks<>(backend, kernels);
        this.attention = new Attention<>(backend, blocks, kernels, shape);
        this.norms = new NormPass<>(backend, blocks, kernels, weights);
        this.tables = new Scratch<>(kernels);
        this.rows = SequenceRows.EMPTY;
        int l = shape.blocks();
        stream = buffers(2 * l + 1);
        normed = buffers(2 * l + 1);
        queryKeyValue = buffers(l);
        probabilities = buffers(l);
        attended = buffers(l);
        hidden = buffers(l);
        activated = buffers(l);
        logits = buffers(1)[0];
        residual = buffers(1)[0];
        narrow = buffers(1)[0];
        wide = buffers(1)[0];
        projections = buffers(1)[0];
        squares = buffers(1)[0];
        tangents = buffers(1)[0];
        moves = buffers(1)[0];
    }

    private Buffer[] buffers(int count) {
        Buffer[] made = new Buffer[count];
        for (int k = 0; k < count; k++) {
            made[k] = new Buffer(backend);
            owned.add(made[k]);
        }
        return made;
    }

    RowKernels<A> kernels() {
        return kernels;
    }

    SequenceRows rows() {
        return rows;
    }

    /** The logits after {@link #forward}, or what {@link #loss} made of them, [rows, vocabulary]. */
    BackendMatrix logits() {
        return logits.as(rows.rows(), shape.vocabulary());
    }

    /** Computes the logits of a batch. */
    void forward(SequenceRows batch) {
        rows = batch;
        attention.load(batch);
        int n = rows.rows();
        int d = shape.width();
        embed();
        norms.load(n);
        norms.forward(0, stream(0), normed(0));
        for (int l = 0; l < shape.blocks(); l++) {
            BackendMatrix qkv = queryKeyValue[l].as(n, 3 * d);
            product(normed(2 * l), LinearMap.QUERY_KEY_VALUE, l, qkv);
            BackendMatrix mixed = attended[l].as(n, d);
            attention.forward(qkv, probabilities[l].as(1, attention.squares()), mixed);
            BackendMatrix delta = narrow.as(n, d);
            product(mixed, LinearMap.ATTENTION_OUTPUT, l, delta);
            norms.addForward(2 * l + 1, stream(2 * l), delta, stream(2 * l + 1), normed(2 * l + 1));
            product(normed(2 * l + 1), LinearMap.FC, l, hidden[l].as(n, shape.hidden()));
            activate(l);
            product(activated[l].as(n, shape.hidden() + 1), LinearMap.PROJ, l, delta);
            norms.addForward(2 * l + 2, stream(2 * l + 1), delta, stream(2 * l + 2), normed(2 * l + 2));
        }
        product(normed(2 * shape.blocks()), LinearMap.HEAD, 0, logits());
    }

    private BackendMatrix stream(int norm) {
        return stream[norm].as(rows.rows(), shape.width());
    }

    /** What a norm gives, with the ones of the bias before an MLP. */
    private BackendMatrix normed(int norm) {
        return normed[norm].as(rows.rows(), shape.width() + norm % 2);
    }

    private void product(BackendMatrix inputs, LinearMap map, int block, BackendMatrix outputs) {
        backend.multiply(Operand.of(inputs), Operand.transposed(weights.map(map, block)), outputs);
    }

    private void embed() {
        int d = shape.width();
        A embedding = tables.array(0, shape.vocabulary() * d);
        A positions = tables.array(1, shape.context() * d);
        kernels.read(weights.matrix("embedding"), 0, shape.vocabulary(), embedding);
        kernels.read(weights.matrix("positions"), 0, shape.context(), positions);
        BackendMatrix start = stream(0); // before the tasks: it may have to grow
        blocks.forEach(rows.rows(), d, (b, first, count, scratch) -> {
            A x = scratch.array(0, count * d);
            for (int r = 0; r < count; r++) {
                System.arraycopy(embedding, rows.input(first + r) * d, x, r * d, d);
                kernels.add(positions, rows.position(first + r) * d, x, r * d, d);
            }
            backend.upload(kernels.matrix(x, count, d), start.rows(first, count));
        });
    }

    private void activate(int block) {
        int columns = shape.hidden();
        BackendMatrix z = hidden[block].as(rows.rows(), columns);
        BackendMatrix out = activated[block].as(rows.rows(), columns + 1);
        blocks.forEach(rows.rows(), columns, (b, first, count, scratch) -> {
            A values = scratch.array(0, count * columns);
            A results = scratch.array(1, count * (columns + 1));
            kernels.read(z, first, count, values);
            kernels.activate(shape.gelu(), count, columns, values, results);
            backend.upload(kernels.matrix(results, count, columns + 1), out.rows(first, count));
        });
    }

    /** g = g ∘ φ'(z) at a block's MLP. */
    private void activationSlope(int block, BackendMatrix g) {
        int columns = shape.hidden();
        BackendMatrix z = hidden[block].as(rows.rows(), columns);
        blocks.forEach(rows.rows(), columns, (b, first, count, scratch) -> {
            A values = scratch.array(0, count * columns);
            A results = scratch.array(1, count * columns);
            kernels.read(z, first, count, values);
            kernels.read(g, first, count, results);
            kernels.activationSlope(shape.gelu(), count * columns, values, results);
            backend.upload(kernels.matrix(results, count, columns), g.rows(first, count));
        });
    }

    /** After {@link #forward}: replaces the logits by gradients, row by row, and sums the losses in a fixed order. */
    double loss(RowLoss<A> loss) {
        int columns = shape.vocabulary();
        BackendMatrix all = logits();
        double[] sums = new double[RowBlocks.count(rows.rows(), columns)];
        int[] sequenceOfRow = rows.sequenceOfRows();
        blocks.forEach(rows.rows(), columns, (b, first, count, scratch) -> {
            A values = scratch.array(0, count * columns);
            kernels.read(all, first, count, values);
            for (int r = 0; r < count; r++) {
                sums[b] += loss.apply(sequenceOfRow[first + r], first + r, values, r * columns);
            }
            backend.upload(kernels.matrix(values, count, columns), all.rows(first, count));
        });
        double sum = 0;
        for (double part : sums) {
            sum += part;
        }
        return sum;
    }

    /**
     * After {@link #forward}: carries gradients at the logits back and visits every linear map on the way.
     *
     * @param gradients the gradients at the logits [rows, vocabulary]
     * @param lowest where to stop: the last stage to be visited, 2l + 1 for the MLP of block l, 2l for its attention, or
     *     {@link #EMBEDDINGS}
     * @param visitor is told of each map
     */
    void backward(BackendMatrix gradients, int lowest, LinearMapVisitor visitor) {
        int n = rows.rows();
        int d = shape.width();
        int last = 2 * shape.blocks();
        visitor.visit(LinearMap.HEAD, 0, normed(last), gradients);
        if (lowest >= last) {
            return;
        }
        BackendMatrix dx = residual.as(n, d);
        BackendMatrix dy = narrow.as(n, d);
        back(gradients, LinearMap.HEAD, 0, dy);
        norms.backward(last, stream(last), dy, dx, true);
        for (int l = shape.blocks() - 1; l >= 0 && lowest <= 2 * l + 1; l--) {
            visitor.visit(LinearMap.PROJ, l, activated[l].as(n, shape.hidden() + 1), dx);
            BackendMatrix dz = wide.as(n, shape.hidden());
            back(dx, LinearMap.PROJ, l, dz);
            activationSlope(l, dz);
            visitor.visit(LinearMap.FC, l, normed(2 * l + 1), dz);
            if (lowest > 2 * l) {
                return;
            }
            back(dz, LinearMap.FC, l, dy);
            norms.backward(2 * l + 1, stream(2 * l + 1), dy, dx, false);
            visitor.visit(LinearMap.ATTENTION_OUTPUT, l, attended[l].as(n, d), dx);
            back(dx, LinearMap.ATTENTION_OUTPUT, l, dy);
            BackendMatrix dqkv = projections.as(n, 3 * d);
            int work = attention.squares();
            attention.backward(
                    queryKeyValue[l].as(n, 3 * d), probabilities[l].as(1, work), dy, squares.as(1, work), dqkv);
            visitor.visit(LinearMap.QUERY_KEY_VALUE, l, normed(2 * l), dqkv);
            if (lowest > 2 * l - 1) {
                return;
            }
            back(dqkv, LinearMap.QUERY_KEY_VALUE, l, dy);
            norms.backward(2 * l, stream(2 * l), dy, dx, false);
        }
    }

    private void back(BackendMatrix gradients, LinearMap map, int block, BackendMatrix result) {
        backend.multiply(Operand.of(gradients), Operand.of(weights.kernel(map, block)), result);
    }

    /** After {@link #backward} to the embeddings: the gradients at the rows' hidden states before the first block. */
    BackendMatrix inputGradients() {
        return residual.as(rows.rows(), shape.width());
    }

    /** After {@link #backward} to the embeddings: adds their gradients and those of the norms to the gradients. */
    void addRemainingGradients(ParameterMatrices gradients) {
        norms.gains(gradients);
        int d = shape.width();
        int tokens = shape.vocabulary() * d;
        BackendMatrix embedding = gradients.matrix("embedding");
        BackendMatrix positions = gradients.matrix("positions");
        A sums = tables.array(0, tokens);
        A positionSums = tables.array(1, shape.context() * d);
        if (shape.tied()) {
            kernels.read(embedding, 0, shape.vocabulary(), sums);
        } else {
            kernels.fill(sums, 0, tokens, 0);
        }
        kernels.fill(positionSums, 0, shape.context() * d, 0);
        A dx = tables.array(2, rows.rows() * d);
        kernels.read(inputGradients(), 0, rows.rows(), dx);
        for (int r = 0; r < rows.rows(); r++) {
            kernels.add(dx, r * d, sums, rows.input(r) * d, d);
            kernels.add(dx, r * d, positionSums, rows.position(r) * d, d);
        }
        backend.upload(kernels.matrix(sums, shape.vocabulary(), d), embedding);
        backend.upload(kernels.matrix(positionSums, shape.context(), d), positions);
    }

    /**
     * After {@link #forward}: computes the tangents of the logits along a direction of the linear maps' weights.
     *
     * @param direction the direction; zero at embeddings and norms
     */
    void tangents(ParameterMatrices direction) {
        int n = rows.rows();
        int d = shape.width();
        int work = attention.squares();
        BackendMatrix dx = residual.as(n, d);
        BackendMatrix dy = narrow.as(n, d);
        BackendMatrix dn = tangents.as(n, d);
        BackendMatrix dqkv = projections.as(n, 3 * d);
        BackendMatrix dz = wide.as(n, shape.hidden());
        zero(dx);
        for (int l = 0; l < shape.blocks(); l++) {
            norms.tangent(2 * l, stream(2 * l), dx, dn);
            moved(dn, normed(2 * l), LinearMap.QUERY_KEY_VALUE, l, direction, 0, dqkv);
            attention.tangents(
                    queryKeyValue[l].as(n, 3 * d), probabilities[l].as(1, work), dqkv, squares.as(1, work), dy);
            moved(dy, attended[l].as(n, d), LinearMap.ATTENTION_OUTPUT, l, direction, 1, dx);
            norms.tangent(2 * l + 1, stream(2 * l + 1), dx, dn);
            moved(dn, normed(2 * l + 1), LinearMap.FC, l, direction, 0, dz);
            activationSlope(l, dz);
            moved(dz, activated[l].as(n, shape.hidden() + 1), LinearMap.PROJ, l, direction, 1, dx);
        }
        int last = 2 * shape.blocks();
        norms.tangent(last, stream(last), dx, dn);
        moved(dn, normed(last), LinearMap.HEAD, 0, direction, 0, moves());
    }

    private void zero(BackendMatrix matrix) {
        int columns = matrix.columns();
        blocks.forEach(matrix.rows(), columns, (b, first, count, scratch) -> {
            A zeros = scratch.array(0, count * columns);
            kernels.fill(zeros, 0, count * columns, 0);
            backend.upload(kernels.matrix(zeros, count, columns), matrix.rows(first, count));
        });
    }

    /** The tangents of the logits after {@link #tangents}, [rows, vocabulary]. */
    BackendMatrix moves() {
        return moves.as(rows.rows(), shape.vocabulary());
    }

    /** After {@link #tangents}: multiplies them by the Hessian of the loss in the logits, diag(p) − ppᵀ. */
    void outputHessian() {
        int columns = shape.vocabulary();
        BackendMatrix all = logits();
        BackendMatrix results = moves();
        blocks.forEach(rows.rows(), columns, (b, first, count, scratch) -> {
            A p = scratch.array(0, count * columns);
            A v = scratch.array(1, count * columns);
            kernels.read(all, first, count, p);
            kernels.read(results, first, count, v);
            for (int r = 0; r < count; r++) {
                kernels.softmax(columns, p, r * columns);
            }
            kernels.softmaxJacobian(count, columns, 1, p, v, 0);
            backend.upload(kernels.matrix(v, count, columns), results.rows(first, count));
        });
    }

    /** result = beta · result + tangents Wᵀ + inputs dWᵀ. */
    private void moved(
            BackendMatrix inputTangents,
            BackendMatrix inputs,
            LinearMap map,
            int block,
            ParameterMatrices direction,
            double beta,
            BackendMatrix result) {
        backend.multiply(1, Operand.of(inputTangents), Operand.transposed(weights.kernel(map, block)), beta, result);
        backend.multiply(1, Operand.of(inputs), Operand.transposed(direction.map(map, block)), 1, result);
    }

    @Override
    public void close() {
        owned.forEach(Buffer::close);
    }
}
