package io.github.influence4j.nd4j;

import static io.github.influence4j.nd4j.ArrayBlock.flat;

import io.github.influence4j.api.Precision;
import io.github.influence4j.openblas.internal.NativeMatrix;
import java.util.function.BiConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Elementwise operations by ND4J's kernels on packed one-dimensional arrays only: on strided views they are tens of times
 * slower. What is strided or of another precision goes through packed temporaries of bounded size.
 */
final class Elementwise {

    /** Elements of a temporary: large against the overhead of ND4J's operations, small against the memory. */
    private static final int BLOCK = 1 << 19;

    /** Order of the blocks on the diagonal that {@link #mirrorUpper} takes through a Java array. */
    private static final int MIRRORED_IN_JAVA = 64;

    private Elementwise() {}

    /** Copies between matrices of any precisions and strides. */
    static void convert(NativeMatrix source, NativeMatrix target) {
        if (source.precision() == target.precision()) {
            Nd4jOpsKernels.copy(source, false, target);
        } else if (source.packed() && target.packed()) {
            flat(target).assign(flat(source));
        } else {
            forBlocks(source, target, (s, t) -> {
                try (Packed from = Packed.reading(s, s.precision());
                        Packed to = Packed.writing(t, t.precision())) {
                    to.array().assign(from.array());
                }
            });
        }
    }

    static void addScaled(double alpha, NativeMatrix x, NativeMatrix y) {
        if (x.precision() == y.precision() && x.packed() && y.packed()) {
            axpy(alpha, flat(x), flat(y));
            return;
        }
        forBlocks(x, y, (s, t) -> {
            try (Packed from = Packed.reading(s, y.precision());
                    Packed to = Packed.updating(t, y.precision())) {
                axpy(alpha, from.array(), to.array());
            }
        });
    }

    private static void axpy(double alpha, INDArray x, INDArray y) {
        Nd4j.getBlasWrapper().level1().axpy(x.length(), alpha, x, y);
    }

    static void multiply(NativeMatrix a, NativeMatrix b, NativeMatrix c) {
        try (Packed x = Packed.reading(a, a.precision());
                Packed y = Packed.reading(b, b.precision());
                Packed z = Packed.writing(c, c.precision())) {
            x.array().muli(y.array(), z.array());
        }
    }

    static void shiftedReciprocal(NativeMatrix values, double shift, NativeMatrix result) {
        forBlocks(values, result, (s, t) -> {
            try (Packed from = Packed.reading(s, Precision.FLOAT64);
                    Packed to = Packed.writing(t, Precision.FLOAT64)) {
                from.array().addi(shift, to.array());
                to.array().rdivi(1.0);
            }
        });
    }

    static void addSquares(int blocks, NativeMatrix a, double beta, NativeMatrix c) {
        int size = c.rows() * c.columns();
        try (Packed x = Packed.reading(a, a.precision());
                Packed y = Packed.updating(c, Precision.FLOAT64)) {
            if (beta == 0) {
                y.array().assign(0);
            } else {
                y.array().muli(beta);
            }
            addSquaredRows(x.matrix(blocks, size), y.matrix(1, size));
        }
    }

    /** Adds the squares of all rows of x to the one row y. */
    private static void addSquaredRows(NativeMatrix x, NativeMatrix y) {
        int width = Math.min(x.columns(), BLOCK);
        int height = Math.min(x.rows(), BLOCK / width);
        try (NativeMatrix squares = x.scratch(1, height * width, Precision.FLOAT64);
                NativeMatrix ones = x.scratch(1, height, Precision.FLOAT64)) {
            flat(ones).assign(1);
            for (int c = 0; c < x.columns(); c += width) {
                int w = Math.min(width, x.columns() - c);
                for (int r = 0; r < x.rows(); r += height) {
                    int h = Math.min(height, x.rows() - r);
                    NativeMatrix part = squares.view(0, 1, 0, h * w).reshape(h, w);
                    convert(x.view(r, h, c, w), part);
                    INDArray array = flat(part);
                    array.muli(array);
                    x.kernels().multiply(1, ones.view(0, 1, 0, h), false, part, false, 1, y.view(0, 1, c, w));
                }
            }
        }
    }

    static void rowDots(int groups, NativeMatrix a, NativeMatrix b, NativeMatrix result) {
        int rows = a.rows();
        int width = a.columns() / groups;
        try (Packed x = Packed.reading(a, a.precision());
                Packed y = Packed.reading(b, b.precision());
                Packed sums = Packed.writing(result, result.precision());
                NativeMatrix products = a.scratch(rows, a.columns(), a.precision());
                NativeMatrix ones = a.scratch(width, 1, a.precision())) {
            flat(ones).assign(1);
            if (b.columns() == a.columns()) {
                x.array().muli(y.array(), flat(products));
            } else {
                x.array()
                        .reshape('c', rows, groups, width)
                        .muli(
                                y.array().reshape('c', rows, 1, width),
                                flat(products).reshape('c', rows, groups, width));
            }
            // not ND4J's sum, which is inaccurate in float32
            a.kernels()
                    .multiply(
                            1,
                            products.reshape(rows * groups, width),
                            false,
                            ones,
                            false,
                            0,
                            sums.matrix(rows * groups, 1));
        }
    }

    static void mirrorUpper(double alpha, NativeMatrix upper, NativeMatrix result) {
        convert(upper, result);
        try (Packed all = Packed.updating(result, result.precision())) {
            all.array().muli(alpha);
        }
        mirror(result);
    }

    /** Halves the matrix, so that nearly all is copied in large rectangles, and mirrors what is small in Java. */
    private static void mirror(NativeMatrix c) {
        int n = c.rows();
        if (n > MIRRORED_IN_JAVA) {
            int half = n / 2;
            Nd4jOpsKernels.copy(c.view(0, half, half, n - half), true, c.view(half, n - half, 0, half));
            mirror(c.view(0, half, 0, half));
            mirror(c.view(half, n - half, half, n - half));
            return;
        }
        double[] numbers = new double[n * n];
        try (NativeMatrix exact = c.scratch(n, n, Precision.FLOAT64)) {
            convert(c, exact);
            c.kernels().read(exact, numbers, 0);
        }
        for (int i = 1; i < n; i++) {
            for (int j = 0; j < i; j++) {
                numbers[i * n + j] = numbers[j * n + i];
            }
        }
        try (NativeMatrix exact = c.scratch(n, n, Precision.FLOAT64)) {
            c.kernels().write(numbers, exact);
            convert(exact, c);
        }
    }

    /** Visits the same parts of two matrices of one shape, each of at most {@link #BLOCK} elements. */
    private static void forBlocks(NativeMatrix a, NativeMatrix b, BiConsumer<NativeMatrix, NativeMatrix> visitor) {
        if (a.packed() && b.packed() && a.rows() > 1) {
            int size = a.rows() * a.columns();
            forBlocks(a.reshape(1, size), b.reshape(1, size), visitor);
            return;
        }
        int width = Math.min(a.columns(), BLOCK);
        int height = Math.min(a.rows(), BLOCK / width);
        for (int c = 0; c < a.columns(); c += width) {
            int w = Math.min(width, a.columns() - c);
            for (int r = 0; r < a.rows(); r += height) {
                int h = Math.min(height, a.rows() - r);
                visitor.accept(a.view(r, h, c, w), b.view(r, h, c, w));
            }
        }
    }
}
