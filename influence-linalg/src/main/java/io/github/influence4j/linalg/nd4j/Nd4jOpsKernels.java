package io.github.influence4j.linalg.nd4j;

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
    private final ArrayPool memory = new ArrayPool(0);

    @Override
    public ArrayPool memory() {
        return memory;
    }

    @Override
    public void multiply(
            double alpha,
            Nd4jMatrix a,
            boolean aTransposed,
            Nd4jMatrix b,
            boolean bTransposed,
            double beta,
            Nd4jMatrix c) {
        Nd4j.getBlasWrapper().level3().gemm(a.grid(), b.grid(), c.grid(), aTransposed, bTransposed, alpha, beta);
    }

    @Override
    public void rankUpdate(double alpha, Nd4jMatrix a, double beta, Nd4jMatrix c) {
        // not syrk, which is wrong in ND4J 1.0.0-M2.1
        multiply(alpha, a, true, a, false, beta, c);
    }

    @Override
    public void clear(Nd4jMatrix matrix) {
        matrix.flat().assign(0);
    }

    @Override
    public void copy(Nd4jMatrix source, boolean transposed, Nd4jMatrix target) {
        INDArray numbers = source.grid();
        target.grid().assign(transposed ? numbers.transpose() : numbers);
    }

    @Override
    public void write(float[] numbers, Nd4jMatrix target) {
        int size = target.rows() * target.columns();
        float[] exact = numbers.length == size ? numbers : Arrays.copyOf(numbers, size);
        assign(() -> Nd4j.createFromArray(exact), target);
    }

    @Override
    public void write(double[] numbers, Nd4jMatrix target) {
        int size = target.rows() * target.columns();
        double[] exact = numbers.length == size ? numbers : Arrays.copyOf(numbers, size);
        assign(() -> Nd4j.createFromArray(exact), target);
    }

    @SuppressWarnings("try") // the scope is closed, not used
    private static void assign(Supplier<INDArray> numbers, Nd4jMatrix target) {
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
                INDArray uploaded = numbers.get()) {
            target.grid()
                    .assign(Nd4j.create(
                            uploaded.data(),
                            new long[] {target.rows(), target.columns()},
                            new long[] {target.columns(), 1},
                            0,
                            'c'));
        }
    }

    @Override
    public void read(Nd4jMatrix source, float[] target, int offset) {
        try (Nd4jMatrix packed = packedCopy(source)) {
            float[] numbers = packed.flat().data().asFloat();
            System.arraycopy(numbers, 0, target, offset, numbers.length);
        }
    }

    @Override
    public void read(Nd4jMatrix source, double[] target, int offset) {
        try (Nd4jMatrix packed = packedCopy(source)) {
            double[] numbers = packed.flat().data().asDouble();
            System.arraycopy(numbers, 0, target, offset, numbers.length);
        }
    }

    private Nd4jMatrix packedCopy(Nd4jMatrix source) {
        Nd4jMatrix packed = source.scratch(source.rows(), source.columns(), source.precision());
        copy(source, false, packed);
        return packed;
    }

    @Override
    public void convert(Nd4jMatrix source, Nd4jMatrix target) {
        Elementwise.convert(source, target);
    }

    @Override
    public void addScaled(double alpha, Nd4jMatrix x, Nd4jMatrix y) {
        Elementwise.addScaled(alpha, x, y);
    }

    @Override
    public void multiplyElements(Nd4jMatrix a, Nd4jMatrix b, Nd4jMatrix c) {
        Elementwise.multiply(a, b, c);
    }

    @Override
    public void addSquares(int blocks, Nd4jMatrix a, double beta, Nd4jMatrix c) {
        Elementwise.addSquares(blocks, a, beta, c);
    }

    @Override
    public void shiftedReciprocal(Nd4jMatrix values, double shift, Nd4jMatrix result) {
        Elementwise.shiftedReciprocal(values, shift, result);
    }

    @Override
    public void rowDots(int groups, Nd4jMatrix a, Nd4jMatrix b, Nd4jMatrix result) {
        Elementwise.rowDots(groups, a, b, result);
    }

    @Override
    public void mirrorUpper(double alpha, Nd4jMatrix upper, Nd4jMatrix result) {
        Elementwise.mirrorUpper(alpha, upper, result);
    }

    @Override
    public void onHost(Nd4jMatrix matrix, boolean changed, Consumer<DoublePointer> work) {
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
