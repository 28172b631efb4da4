package io.github.influence4j.openblas.internal;

import io.github.influence4j.api.Precision;
import org.bytedeco.javacpp.DoublePointer;

/**
 * Elementwise operations on host memory: plain loops over Java arrays that hold one part at a time, which the compiler
 * vectorises. They run at the speed of the memory; ND4J's own need temporaries and several sweeps for the same.
 */
final class HostElementwise {

    /** Order of the tiles that are transposed at a time. */
    private static final int TILE = 64;

    private HostElementwise() {}

    /** Copies between matrices of different precisions. */
    static void convert(NativeMatrix source, NativeMatrix target) {
        boolean packed = source.packed() && target.packed();
        NativeMatrix s = flat(source, packed);
        NativeMatrix t = flat(target, packed);
        HostParts.forEach(t.rows(), t.columns(), (row, column, count, buffers) -> {
            double[] numbers = buffers.readDoubles(s.view(row, 1, column, count), 0);
            buffers.write(numbers, t.view(row, 1, column, count));
        });
    }

    static void addScaled(double alpha, NativeMatrix x, NativeMatrix y) {
        boolean packed = x.packed() && y.packed();
        NativeMatrix from = flat(x, packed);
        NativeMatrix to = flat(y, packed);
        HostParts.forEach(to.rows(), to.columns(), (row, column, count, buffers) -> {
            NativeMatrix source = from.view(row, 1, column, count);
            NativeMatrix target = to.view(row, 1, column, count);
            if (y.precision() == Precision.FLOAT32) {
                float[] sum = buffers.read(target, 1);
                axpy((float) alpha, buffers.read(source, 0), sum, count);
                target.kernels().write(sum, target);
            } else {
                double[] sum = buffers.readDoubles(target, 1);
                axpy(alpha, buffers.readDoubles(source, 0), sum, count);
                target.kernels().write(sum, target);
            }
        });
    }

    private static void axpy(float alpha, float[] x, float[] y, int count) {
        for (int k = 0; k < count; k++) {
            y[k] += alpha * x[k];
        }
    }

    private static void axpy(double alpha, double[] x, double[] y, int count) {
        for (int k = 0; k < count; k++) {
            y[k] += alpha * x[k];
        }
    }

    static void multiply(NativeMatrix a, NativeMatrix b, NativeMatrix c) {
        boolean packed = a.packed() && b.packed() && c.packed();
        NativeMatrix left = flat(a, packed);
        NativeMatrix right = flat(b, packed);
        NativeMatrix result = flat(c, packed);
        HostParts.forEach(result.rows(), result.columns(), (row, column, count, buffers) -> {
            NativeMatrix x = left.view(row, 1, column, count);
            NativeMatrix y = right.view(row, 1, column, count);
            NativeMatrix target = result.view(row, 1, column, count);
            if (c.precision() == Precision.FLOAT32) {
                float[] product = buffers.read(x, 0);
                multiply(product, buffers.read(y, 1), count);
                target.kernels().write(product, target);
            } else {
                double[] product = buffers.readDoubles(x, 0);
                multiply(product, buffers.readDoubles(y, 1), count);
                target.kernels().write(product, target);
            }
        });
    }

    private static void multiply(float[] x, float[] y, int count) {
        for (int k = 0; k < count; k++) {
            x[k] *= y[k];
        }
    }

    private static void multiply(double[] x, double[] y, int count) {
        for (int k = 0; k < count; k++) {
            x[k] *= y[k];
        }
    }

    /** Reads every number of a once and every number of c once, however many blocks there are. */
    static void addSquares(int blocks, NativeMatrix a, double beta, NativeMatrix c) {
        boolean packed = a.packed() && c.packed();
        NativeMatrix sums = flat(c, packed);
        NativeMatrix stack = packed ? a.reshape(blocks, c.rows() * c.columns()) : a;
        HostParts.forEach(sums.rows(), sums.columns(), (row, column, count, buffers) -> {
            NativeMatrix target = sums.view(row, 1, column, count);
            if (c.precision() == Precision.FLOAT32) {
                float[] sum = buffers.read(target, 1);
                scale((float) beta, sum, count);
                for (int j = 0; j < blocks; j++) {
                    addSquares(buffers.read(stack.view(j * sums.rows() + row, 1, column, count), 0), sum, count);
                }
                target.kernels().write(sum, target);
            } else {
                double[] sum = buffers.readDoubles(target, 1);
                scale(beta, sum, count);
                for (int j = 0; j < blocks; j++) {
                    addSquares(buffers.readDoubles(stack.view(j * sums.rows() + row, 1, column, count), 0), sum, count);
                }
                target.kernels().write(sum, target);
            }
        });
    }

    private static void scale(float beta, float[] numbers, int count) {
        for (int k = 0; k < count; k++) {
            numbers[k] = beta == 0 ? 0 : beta * numbers[k];
        }
    }

    private static void scale(double beta, double[] numbers, int count) {
        for (int k = 0; k < count; k++) {
            numbers[k] = beta == 0 ? 0 : beta * numbers[k];
        }
    }

    private static void addSquares(float[] x, float[] sum, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += x[k] * x[k];
        }
    }

    private static void addSquares(double[] x, double[] sum, int count) {
        for (int k = 0; k < count; k++) {
            sum[k] += x[k] * x[k];
        }
    }

    static void shiftedReciprocal(NativeMatrix values, double shift, NativeMatrix result) {
        boolean packed = values.packed() && result.packed();
        NativeMatrix from = flat(values, packed);
        NativeMatrix to = flat(result, packed);
        HostParts.forEach(to.rows(), to.columns(), (row, column, count, buffers) -> {
            double[] numbers = buffers.readDoubles(from.view(row, 1, column, count), 0);
            for (int k = 0; k < count; k++) {
                numbers[k] = 1 / (numbers[k] + shift);
            }
            buffers.write(numbers, to.view(row, 1, column, count));
        });
    }

    static void rowDots(int groups, NativeMatrix a, NativeMatrix b, NativeMatrix result) {
        boolean repeated = b.columns() != a.columns();
        if (!repeated && a.rows() > 1 && a.packed() && b.packed() && result.packed()) {
            rowDots(groups * a.rows(), flat(a, true), flat(b, true), flat(result, true));
            return;
        }
        int width = a.columns() / groups;
        int most = Math.max(1, HostParts.NUMBERS / width);
        int perRow = (groups + most - 1) / most;
        HostParts.share((long) a.rows() * a.columns(), Math.multiplyExact(a.rows(), perRow), part -> {
            int row = part / perRow;
            int first = part % perRow * most;
            double[] dots = new double[Math.min(most, groups - first)];
            for (int column = 0; column < width; column += HostParts.NUMBERS) {
                // more than one round only where a single group is larger than a part
                int count = Math.min(HostParts.NUMBERS, width - column);
                int start = first * width + column;
                NativeMatrix x = a.view(row, 1, start, dots.length * count);
                NativeMatrix y = repeated ? b.view(row, 1, column, count) : b.view(row, 1, start, dots.length * count);
                addDots(x, y, dots, repeated ? 0 : count, count);
            }
            HostParts.ofThread().write(dots, result.view(row, 1, first, dots.length));
        });
    }

    private static void addDots(NativeMatrix a, NativeMatrix b, double[] dots, int step, int count) {
        HostParts buffers = HostParts.ofThread();
        if (a.precision() == Precision.FLOAT32) {
            float[] x = buffers.read(a, 0);
            float[] y = buffers.read(b, 1);
            for (int j = 0; j < dots.length; j++) {
                dots[j] += dot(x, j * count, y, j * step, count);
            }
        } else {
            double[] x = buffers.readDoubles(a, 0);
            double[] y = buffers.readDoubles(b, 1);
            for (int j = 0; j < dots.length; j++) {
                dots[j] += dot(x, j * count, y, j * step, count);
            }
        }
    }

    /** Four sums, so that one addition need not wait for the one before it. */
    private static double dot(float[] x, int xStart, float[] y, int yStart, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int k = 0;
        for (; k + 3 < count; k += 4) {
            s0 += x[xStart + k] * y[yStart + k];
            s1 += x[xStart + k + 1] * y[yStart + k + 1];
            s2 += x[xStart + k + 2] * y[yStart + k + 2];
            s3 += x[xStart + k + 3] * y[yStart + k + 3];
        }
        for (; k < count; k++) {
            s0 += x[xStart + k] * y[yStart + k];
        }
        return s0 + s1 + (s2 + s3);
    }

    /** Four sums, so that one addition need not wait for the one before it. */
    private static double dot(double[] x, int xStart, double[] y, int yStart, int count) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int k = 0;
        for (; k + 3 < count; k += 4) {
            s0 += x[xStart + k] * y[yStart + k];
            s1 += x[xStart + k + 1] * y[yStart + k + 1];
            s2 += x[xStart + k + 2] * y[yStart + k + 2];
            s3 += x[xStart + k + 3] * y[yStart + k + 3];
        }
        for (; k < count; k++) {
            s0 += x[xStart + k] * y[yStart + k];
        }
        return s0 + s1 + (s2 + s3);
    }

    /** Band by band: the rows of a band to the right of the diagonal are scaled and copied, and their transpose written. */
    static void mirrorUpper(double alpha, NativeMatrix upper, NativeMatrix result) {
        int n = upper.rows();
        int tiles = (n + TILE - 1) / TILE;
        // a tile writes itself and its transpose, which no other tile reads: upper and result may be one matrix
        HostParts.share((long) n * n, tiles, band -> {
            for (int other = band; other < tiles; other++) {
                mirrorTile(alpha, upper, result, band * TILE, other * TILE);
            }
        });
    }

    private static void mirrorTile(double alpha, NativeMatrix upper, NativeMatrix result, int row, int column) {
        HostParts buffers = HostParts.ofThread();
        int rows = Math.min(TILE, upper.rows() - row);
        int columns = Math.min(TILE, upper.rows() - column);
        double[] tile = buffers.readDoubles(upper.view(row, rows, column, columns), 0);
        for (int k = 0; k < rows * columns; k++) {
            tile[k] *= alpha;
        }
        if (row == column) {
            for (int r = 1; r < rows; r++) {
                for (int c = 0; c < r; c++) {
                    tile[r * columns + c] = tile[c * columns + r];
                }
            }
        } else {
            double[] transposed = buffers.doubles(1);
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    transposed[c * rows + r] = tile[r * columns + c];
                }
            }
            buffers.write(transposed, result.view(column, columns, row, rows));
        }
        buffers.write(tile, result.view(row, rows, column, columns));
    }

    /** Replaces a packed square matrix by its transpose. */
    static void transpose(int n, DoublePointer matrix) {
        int tiles = (n + TILE - 1) / TILE;
        HostParts.share((long) n * n, tiles, band -> {
            for (int other = band; other < tiles; other++) {
                transposeTiles(n, matrix, band * TILE, other * TILE);
            }
        });
    }

    /** Exchanges a tile and the one across the diagonal, each transposed. */
    private static void transposeTiles(int n, DoublePointer matrix, int row, int column) {
        HostParts buffers = HostParts.ofThread();
        int rows = Math.min(TILE, n - row);
        int columns = Math.min(TILE, n - column);
        double[] tile = buffers.doubles(0);
        double[] across = buffers.doubles(1);
        for (int r = 0; r < rows; r++) {
            matrix.getPointer((long) (row + r) * n + column).get(tile, r * columns, columns);
        }
        for (int c = 0; c < columns; c++) {
            matrix.getPointer((long) (column + c) * n + row).get(across, c * rows, rows);
        }
        double[] line = new double[TILE];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                line[c] = across[c * rows + r];
            }
            matrix.getPointer((long) (row + r) * n + column).put(line, 0, columns);
        }
        for (int c = 0; c < columns; c++) {
            for (int r = 0; r < rows; r++) {
                line[r] = tile[r * columns + c];
            }
            matrix.getPointer((long) (column + c) * n + row).put(line, 0, rows);
        }
    }

    private static NativeMatrix flat(NativeMatrix matrix, boolean packed) {
        return packed ? matrix.reshape(1, matrix.rows() * matrix.columns()) : matrix;
    }
}
