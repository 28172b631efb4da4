package io.github.influence4j.decoder;

import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;

/**
 * The RMS norms of queries and keys, on rows of the attention's projections in Java arrays; nothing where a form has none.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class QueryKeyNorms<A> {

    /**
     * The queries, or the keys.
     *
     * @param start first column of a row
     * @param groups norms in a row
     * @param d numbers of each
     */
    private record Part(int start, int groups, int d) {
        int width() {
            return groups * d;
        }
    }

    /** The state of one part in one block. */
    private final class State {
        final String name;
        final A gain;
        final A gradient;
        A statistics = kernels.array(0);
        List<A> sums = List.of();

        State(String name, int d) {
            this.name = name;
            gain = kernels.array(d);
            gradient = kernels.array(d);
        }
    }

    private final MatrixBackend backend;
    private final RowKernels<A> kernels;
    private final ParameterMatrices weights;
    private final double epsilon;
    private final int stride;
    private final List<Part> parts = new ArrayList<>();
    private final List<List<State>> states = new ArrayList<>();

    QueryKeyNorms(MatrixBackend backend, RowKernels<A> kernels, ParameterMatrices weights) {
        this.backend = backend;
        this.kernels = kernels;
        this.weights = weights;
        DecoderShape shape = weights.shape();
        epsilon = shape.epsilon();
        stride = shape.projectionWidth();
        if (shape.queryKeyNorm() == DecoderShape.QueryKeyNorm.HEADS) {
            parts.add(new Part(0, shape.heads(), shape.headWidth()));
            parts.add(new Part(shape.queryWidth(), shape.keyHeads(), shape.headWidth()));
        } else if (shape.queryKeyNorm() == DecoderShape.QueryKeyNorm.ALL) {
            parts.add(new Part(0, 1, shape.queryWidth()));
            parts.add(new Part(shape.queryWidth(), 1, shape.keyWidth()));
        }
        LayerNames names = weights.names();
        for (int l = 0; !parts.isEmpty() && l < shape.blocks(); l++) {
            states.add(List.of(
                    new State(names.queryNorm(l), parts.get(0).d()),
                    new State(names.keyNorm(l), parts.get(1).d())));
        }
    }

    /** Whether there is nothing to do. */
    boolean none() {
        return parts.isEmpty();
    }

    /** Prepares for a number of rows and reads the gains. */
    void load(int rows) {
        for (List<State> block : states) {
            for (int k = 0; k < parts.size(); k++) {
                State state = block.get(k);
                kernels.read(weights.matrix(state.name), 0, 1, state.gain);
                int needed = 2 * rows * parts.get(k).groups();
                if (kernels.length(state.statistics) < needed) {
                    state.statistics = kernels.array(needed);
                }
            }
        }
    }

    /** Normalises queries and keys in rows. */
    void forward(int block, int first, int count, A values, Scratch<A> scratch) {
        each(block, (part, state) -> {
            A x = gathered(part, count, values, scratch, 2);
            A y = scratch.array(3, count * part.width());
            kernels.norm(
                    count * part.groups(),
                    part.d(),
                    false,
                    x,
                    state.gain,
                    y,
                    part.d(),
                    state.statistics,
                    first * part.groups(),
                    epsilon);
            scatter(part, count, y, values);
        });
    }

    /** Before a backward pass through a block, of so many tasks. */
    void startGradients(int block, int tasks) {
        each(block, (part, state) -> {
            List<A> sums = new ArrayList<>(tasks);
            for (int b = 0; b < tasks; b++) {
                sums.add(kernels.array(part.d()));
            }
            state.sums = sums;
        });
    }

    /** Replaces gradients at the normalised rows by those at the raw ones. */
    void backward(int block, int task, int first, int count, A raw, A gradients, Scratch<A> scratch) {
        each(block, (part, state) -> {
            A x = gathered(part, count, raw, scratch, 2);
            A dy = gathered(part, count, gradients, scratch, 3);
            A dx = scratch.array(4, count * part.width());
            kernels.fill(dx, 0, count * part.width(), 0);
            kernels.normBackward(
                    count * part.groups(),
                    part.d(),
                    false,
                    x,
                    dy,
                    state.gain,
                    state.statistics,
                    first * part.groups(),
                    dx,
                    state.sums.get(task));
            scatter(part, count, dx, gradients);
        });
    }

    /** After the tasks of a backward pass: adds their gradients of the gains in a fixed order. */
    void finishGradients(int block) {
        each(block, (part, state) -> {
            kernels.fill(state.gradient, 0, part.d(), 0);
            state.sums.forEach(sum -> kernels.add(sum, 0, state.gradient, 0, part.d()));
        });
    }

    /** Replaces tangents of the raw rows by those of the normalised ones. */
    void tangent(int block, int first, int count, A raw, A tangents, Scratch<A> scratch) {
        each(block, (part, state) -> {
            A x = gathered(part, count, raw, scratch, 2);
            A dx = gathered(part, count, tangents, scratch, 3);
            A out = scratch.array(4, count * part.width());
            kernels.normTangent(
                    count * part.groups(),
                    part.d(),
                    false,
                    x,
                    dx,
                    state.gain,
                    state.statistics,
                    first * part.groups(),
                    out,
                    part.d());
            scatter(part, count, out, tangents);
        });
    }

    /** Writes the gradients of all gains. */
    void gains(ParameterMatrices gradients) {
        for (List<State> block : states) {
            for (int k = 0; k < parts.size(); k++) {
                State state = block.get(k);
                backend.upload(kernels.matrix(state.gradient, 1, parts.get(k).d()), gradients.matrix(state.name));
            }
        }
    }

    private interface Work<P, S> {
        void on(P part, S state);
    }

    private void each(int block, Work<Part, State> work) {
        for (int k = 0; k < parts.size(); k++) {
            work.on(parts.get(k), states.get(block).get(k));
        }
    }

    private A gathered(Part part, int count, A rows, Scratch<A> scratch, int number) {
        A target = scratch.array(number, count * part.width());
        for (int r = 0; r < count; r++) {
            System.arraycopy(rows, r * stride + part.start(), target, r * part.width(), part.width());
        }
        return target;
    }

    private void scatter(Part part, int count, A source, A rows) {
        for (int r = 0; r < count; r++) {
            System.arraycopy(source, r * part.width(), rows, r * stride + part.start(), part.width());
        }
    }
}
