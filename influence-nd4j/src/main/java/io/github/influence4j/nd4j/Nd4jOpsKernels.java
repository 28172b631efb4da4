package io.github.influence4j.nd4j;

import static io.github.influence4j.nd4j.ArrayBlock.flat;
import static io.github.influence4j.nd4j.ArrayBlock.grid;

import io.github.influence4j.openblas.internal.Kernels;
import io.github.influence4j.openblas.internal.MemoryPool;
import io.github.influence4j.openblas.internal.NativeMatrix;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.bytedeco.javacpp.DoublePointer;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Uses ND4J's operations only, so that it holds for memory on a device: no address is ever taken.
 *
 * <p>Decompositions are done on the host by LAPACK on a copy: ND4J has no working SVD, and its eigensolver is several
 * times slower than the copy and LAPACK together.
 */
final class Nd4jOpsKernels implements Kernels {

    /** Keeps nothing: ND4J's CUDA backend keeps freed memory itself. */
    private final MemoryPool memory = new MemoryPool(0, 0, ArrayBlock::allocate);

    @Override
    public String backend() {
        return Nd4jBackendProvider.NAME;
    }

    @Override
    public MemoryPool memory() {
        return memory;
    }

    @Override
    public void multiply(
            double alpha,
            NativeMatrix a,
            boolean aTransposed,
            NativeMatrix b,
            boolean bTransposed,
            double beta,
            NativeMatrix c) {
        Nd4j.getBlasWrapper().level3().gemm(grid(a), grid(b), grid(c), aTransposed, bTransposed, alpha, beta);
    }

    @Override
    public void rankUpdate(double alpha, NativeMatrix a, double beta, NativeMatrix c) {
        // not syrk, which is wrong in ND4J 1.0.0-M2.1
        multiply(alpha, a, true, a, false, beta, c);
    }

    @Override
    public void clear(NativeMatrix matrix) {
        flat(matrix).assign(0);
    }

    /** Copies a matrix or its transpose into one of the same precision, with any strides. */
    static void copy(NativeMatrix source, boolean transposed, NativeMatrix target) {
        INDArray numbers = grid(source);
        grid(target).assign(transposed ? numbers.transpose() : numbers);
    }

    @Override
    public void write(float[] numbers, NativeMatrix target) {
        int size = target.rows() * target.columns();
        float[] exact = numbers.length == size ? numbers : Arrays.copyOf(numbers, size);
        assign(() -> Nd4j.createFromArray(exact), target);
    }

    @Override
    public void write(double[] numbers, NativeMatrix target) {
        int size = target.rows() * target.columns();
        double[] exact = numbers.length == size ? numbers : Arrays.copyOf(numbers, size);
        assign(() -> Nd4j.createFromArray(exact), target);
    }

    @SuppressWarnings("try") // the scope is closed, not used
    private static void assign(Supplier<INDArray> numbers, NativeMatrix target) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
                INDArray uploaded = numbers.get()) {
            grid(target)
                    .assign(Nd4j.create(
                            uploaded.data(),
                            new long[] {target.rows(), target.columns()},
                            new long[] {target.columns(), 1},
                            0,
                            'c'));
        }
    }

    @Override
    public void read(NativeMatrix source, float[] target, int offset) {
        try (NativeMatrix packed = packedCopy(source)) {
            float[] numbers = flat(packed).data().asFloat();
            System.arraycopy(numbers, 0, target, offset, numbers.length);
        }
    }

    @Override
    public void read(NativeMatrix source, double[] target, int offset) {
        try (NativeMatrix packed = packedCopy(source)) {
            double[] numbers = flat(packed).data().asDouble();
            System.arraycopy(numbers, 0, target, offset, numbers.length);
        }
    }

    private static NativeMatrix packedCopy(NativeMatrix source) {
        NativeMatrix packed = source.scratch(source.rows(), source.columns(), source.precision());
        copy(source, false, packed);
        return packed;
    }

    @Override
    public void convert(NativeMatrix source, NativeMatrix target) {
        Elementwise.convert(source, target);
    }

    @Override
    public void addScaled(double alpha, NativeMatrix x, NativeMatrix y) {
        Elementwise.addScaled(alpha, x, y);
    }

    @Override
    public void multiplyElements(NativeMatrix a, NativeMatrix b, NativeMatrix c) {
        Elementwise.multiply(a, b, c);
    }

    @Override
    public void addSquares(int blocks, NativeMatrix a, double beta, NativeMatrix c) {
        Elementwise.addSquares(blocks, a, beta, c);
    }

    @Override
    public void shiftedReciprocal(NativeMatrix values, double shift, NativeMatrix result) {
        Elementwise.shiftedReciprocal(values, shift, result);
    }

    @Override
    public void rowDots(int groups, NativeMatrix a, NativeMatrix b, NativeMatrix result) {
        Elementwise.rowDots(groups, a, b, result);
    }

    @Override
    public void mirrorUpper(double alpha, NativeMatrix upper, NativeMatrix result) {
        Elementwise.mirrorUpper(alpha, upper, result);
    }

    @Override
    public void onHost(NativeMatrix matrix, boolean changed, Consumer<DoublePointer> work) {
        double[] numbers = new double[matrix.rows() * matrix.columns()];
        read(matrix, numbers, 0);
        try (DoublePointer copy = new DoublePointer(numbers)) {
            work.accept(copy);
            if (changed) {
                copy.get(numbers);
                write(numbers, matrix);
            }
        }
    }
}
