package io.github.influence4j.decoder;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;

/**
 * The elementwise work of a decoder on packed rows in Java arrays, with its derivatives, in one precision. Both
 * implementations are the same text but for the type.
 *
 * <p>Normalisation of a row x of d numbers: y = x̂ ∘ gain + shift with x̂ = (x − m) · inv, where inv = 1/√(mean (x − m)² + ε).
 * For RMS norm m = 0 and there is no shift; for layer norm m is the mean. Its Jacobian in x̂, J = inv · (I − [11ᵀ/d] −
 * x̂x̂ᵀ/d) with the bracket for layer norm only, is symmetric. A row's statistics are m and inv; a gain holds d numbers, and d
 * more for the shift.
 *
 * <p>The JIT compiler makes vector instructions of loops over arrays from their start, and often not where arrays have different
 * offsets. So rows are copied into arrays of a task's scratch, of which callers use the first three.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
interface RowKernels<A> {

    static RowKernels<?> of(Precision precision) {
        return precision == Precision.FLOAT32 ? new FloatKernels() : new DoubleKernels();
    }

    A array(int length);

    int length(A array);

    void fill(A array, int from, int to, double value);

    double get(A array, int index);

    void set(A array, int index, double value);

    /** Copies rows of a matrix into an array. */
    void read(Matrix source, int firstRow, int rows, A target, int offset);

    /** Copies rows of a matrix to the start of an array. */
    default void read(Matrix source, int firstRow, int rows, A target) {
        read(source, firstRow, rows, target, 0);
    }

    /** Copies the start of an array into a matrix of the backend. */
    void upload(MatrixBackend backend, A numbers, BackendMatrix target);

    /** Views the start of an array as a matrix. */
    Matrix matrix(A data, int rows, int columns);

    /** Views a part of an array as a matrix. */
    Matrix matrix(A data, int offset, int rows, int columns);

    /** Index from start of the first number that is NaN or infinite, or −1. */
    int firstNotFinite(A values, int start, int count);

    /** y += x on ranges. */
    void add(A x, int xStart, A y, int yStart, int count);

    /** Normalises rows; out has rows of {@code stride} numbers, of which the first d are written. */
    void norm(
            int rows,
            int d,
            boolean centred,
            A x,
            A gain,
            A out,
            int stride,
            A statistics,
            int firstRow,
            double epsilon);

    /** dx += J (gain ∘ dy); gains receives the sums of dy ∘ x̂, and after them those of dy. */
    void normBackward(int rows, int d, boolean centred, A x, A dy, A gain, A statistics, int firstRow, A dx, A gains);

    /** out = gain ∘ J dx, out as in {@link #norm}. */
    void normTangent(
            int rows, int d, boolean centred, A x, A dx, A gain, A statistics, int firstRow, A out, int stride);

    /**
     * The middle of an MLP: out = φ(z), or φ(z₁) ∘ z₂ with a gate, where rows of z have 2·hidden numbers; a row of out has
     * {@code stride} numbers, hidden or one more, which becomes 1.
     */
    void activate(
            Activation activation, boolean gated, int rows, int hidden, A z, A out, int stride, Scratch<A> scratch);

    /** Its transposed Jacobian: dz from gradients d [rows, hidden]. */
    void activationBackward(
            Activation activation, boolean gated, int rows, int hidden, A z, A d, A dz, Scratch<A> scratch);

    /** Its Jacobian: d [rows, hidden] from tangents dz, which are used up. */
    void activationTangent(
            Activation activation, boolean gated, int rows, int hidden, A z, A dz, A d, Scratch<A> scratch);

    /** Turns heads by the angles of their rows' positions, or back. */
    void rotate(Rotation rotation, int rows, int stride, int[] positions, int firstRow, boolean back, A values);

    /**
     * Takes the softmax of each row of a [length, length] block over the columns up to its own index, the last {@code window}
     * of them; the others get 0.
     */
    void causalSoftmax(int length, int window, A scores, int start, Scratch<A> scratch);

    /** Subtracts d of the likeliest from a row of d: the softmax's Jacobian of that is the same, with more digits near p = 1. */
    void subtractLikeliest(int columns, A p, A d, int start);

    /** d = factor · p ∘ (d − Σ p ∘ d), row by row: the softmax's Jacobian, which is symmetric. */
    void softmaxJacobian(int rows, int columns, double factor, A p, A d, int start);

    /** The same for the rows of a causal softmax of a [length, length] block: what lies after a row's own index becomes 0. */
    void causalSoftmaxJacobian(int length, double factor, A p, A d, int start);

    /** Replaces a row of logits by its softmax and returns log Σ e^logit. */
    double softmax(int columns, A logits, int start);

    /** Replaces a row of logits by softmax − e_target, times a factor, and returns −log p of the target. */
    double crossEntropy(int columns, int target, double factor, A logits, int start);

    /** Computes −log p of the target from a row of logits, which stays as it is. */
    double loss(int columns, int target, A logits, int start);

    /**
     * A step of Adam with decoupled weight decay on a range: the moments are updated with the gradient g, then w −= rate ·
     * (m / meanCorrection / (√(v / squareCorrection) + ε) + decay · w).
     */
    void adam(AdamStep step, int count, double decay, A w, A g, A mean, A square, int momentsStart);
}
