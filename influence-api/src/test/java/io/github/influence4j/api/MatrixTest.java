package io.github.influence4j.api;

import static io.github.influence4j.api.Refusals.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every way of wrapping numbers reads the same numbers. */
class MatrixTest {

    /** The ways of wrapping rows. */
    enum Wrapper {
        FLOAT_ARRAY(Precision.FLOAT32, false) {
            @Override
            Matrix wrap(double[][] rows, int columns, int stride) {
                return Matrix.of(floats(packed(rows, columns, columns)), rows.length, columns);
            }
        },
        DOUBLE_ARRAY(Precision.FLOAT64, false) {
            @Override
            Matrix wrap(double[][] rows, int columns, int stride) {
                return Matrix.of(packed(rows, columns, columns), rows.length, columns);
            }
        },
        FLOAT_BUFFER(Precision.FLOAT32, true) {
            @Override
            Matrix wrap(double[][] rows, int columns, int stride) {
                return Matrix.of(FloatBuffer.wrap(floats(packed(rows, columns, stride))), rows.length, columns, stride);
            }
        },
        DOUBLE_BUFFER(Precision.FLOAT64, true) {
            @Override
            Matrix wrap(double[][] rows, int columns, int stride) {
                return Matrix.of(DoubleBuffer.wrap(packed(rows, columns, stride)), rows.length, columns, stride);
            }
        },
        DIRECT_FLOAT_BUFFER(Precision.FLOAT32, true) {
            @Override
            Matrix wrap(double[][] rows, int columns, int stride) {
                float[] packed = floats(packed(rows, columns, stride));
                FloatBuffer direct = ByteBuffer.allocateDirect(4 * packed.length)
                        .order(ByteOrder.nativeOrder())
                        .asFloatBuffer();
                // left at its end, because the position must not matter
                return Matrix.of(direct.put(packed), rows.length, columns, stride);
            }
        },
        DIRECT_DOUBLE_BUFFER(Precision.FLOAT64, true) {
            @Override
            Matrix wrap(double[][] rows, int columns, int stride) {
                double[] packed = packed(rows, columns, stride);
                DoubleBuffer direct = ByteBuffer.allocateDirect(8 * packed.length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .asDoubleBuffer();
                return Matrix.of(direct.put(packed), rows.length, columns, stride);
            }
        },
        FLOAT_ROWS(Precision.FLOAT32, false) {
            @Override
            Matrix wrap(double[][] rows, int columns, int stride) {
                return Matrix.of(Arrays.stream(rows).map(MatrixTest::floats).toArray(float[][]::new));
            }
        },
        DOUBLE_ROWS(Precision.FLOAT64, false) {
            @Override
            Matrix wrap(double[][] rows, int columns, int stride) {
                return Matrix.of(rows);
            }
        };

        private final Precision precision;
        private final boolean strided;

        Wrapper(Precision precision, boolean strided) {
            this.precision = precision;
            this.strided = strided;
        }

        abstract Matrix wrap(double[][] rows, int columns, int stride);
    }

    @Property(tries = 300)
    void readsTheSameNumbersInEveryDivision(
            @ForAll Wrapper wrapper,
            @ForAll @IntRange(min = 1, max = 7) int rows,
            @ForAll @IntRange(min = 1, max = 6) int columns,
            @ForAll @IntRange(min = 0, max = 3) int gap,
            @ForAll long seed) {
        Random random = new Random(seed);
        double[][] numbers = new double[rows][columns];
        for (double[] row : numbers) {
            Arrays.setAll(row, c -> random.nextGaussian());
            if (wrapper.precision == Precision.FLOAT32) {
                Arrays.setAll(row, c -> (float) row[c]);
            }
        }
        Matrix matrix = wrapper.wrap(numbers, columns, wrapper.strided ? columns + gap : columns);
        assertEquals(rows, matrix.rows());
        assertEquals(columns, matrix.columns());
        assertEquals(wrapper.precision, matrix.precision());
        assertEquals(wrapper.precision + " matrix " + rows + " x " + columns, matrix.toString());
        assertArrayEquals(numbers, matrix.toArray());

        int first = random.nextInt(rows + 1);
        int count = random.nextInt(rows - first + 1);
        double[] doubles = filled(3 + count * columns + 2);
        float[] floats = floats(doubles);
        double[] expected = doubles.clone();
        for (int r = 0; r < count; r++) {
            System.arraycopy(numbers[first + r], 0, expected, 3 + r * columns, columns);
        }
        matrix.read(first, count, doubles, 3);
        assertArrayEquals(expected, doubles);
        matrix.read(first, count, floats, 3);
        assertArrayEquals(floats(expected), floats);
    }

    @ParameterizedTest
    @EnumSource
    void rangesThatDoNotExistAreRefused(Wrapper wrapper) {
        Matrix matrix = wrapper.wrap(new double[4][3], 3, 3);
        int[][] wrong = {
            {-1, 1, 12, 0}, {0, -1, 12, 0}, {3, 2, 12, 0}, {5, 0, 12, 0}, {0, 4, 11, 0}, {0, 4, 12, 1}, {0, 1, 12, -1}
        };
        for (int[] range : wrong) {
            refused(
                    IndexOutOfBoundsException.class,
                    () -> matrix.read(range[0], range[1], new double[range[2]], range[3]));
            refused(
                    IndexOutOfBoundsException.class,
                    () -> matrix.read(range[0], range[1], new float[range[2]], range[3]));
        }
    }

    @Test
    void doublesAreRoundedToFloats() {
        float[] target = new float[2];
        Matrix.of(new double[] {Math.PI, 1e300}, 1, 2).read(0, 1, target, 0);
        assertArrayEquals(new float[] {(float) Math.PI, Float.POSITIVE_INFINITY}, target);
        Matrix.of(new double[][] {{Math.PI, 0.1}}).read(0, 1, target, 0);
        assertArrayEquals(new float[] {(float) Math.PI, 0.1f}, target);
    }

    @Test
    void wrappersDoNotCopy() {
        double[] data = {1, 2};
        Matrix matrix = Matrix.of(data, 1, 2);
        data[1] = 7;
        assertArrayEquals(new double[][] {{1, 7}}, matrix.toArray());
    }

    @Test
    void buffersKeepTheirPosition() {
        FloatBuffer buffer = FloatBuffer.allocate(6).position(2);
        Matrix.of(buffer, 2, 2, 3).toArray();
        assertEquals(2, buffer.position());
    }

    @Test
    void emptyMatricesAreAllowed() {
        assertEquals(0, Matrix.of(new double[0][]).rows());
        assertEquals(0, Matrix.of(new double[0][]).columns());
        assertEquals(0, Matrix.of(new float[0][0]).toArray().length);
        assertEquals(5, Matrix.of(new float[0], 0, 5).columns());
        assertEquals(3, Matrix.of(new double[0], 3, 0).toArray().length);
    }

    @Test
    void badShapesAreRefused() {
        refused(() -> Matrix.of(new double[5], 2, 3), "2 x 3 with stride 3 needs 6 numbers, found 5");
        refused(() -> Matrix.of(new float[5], -1, 3), "-1 x 3");
        refused(() -> Matrix.of(new float[5], 1, -3), "1 x -3");
        refused(() -> Matrix.of(FloatBuffer.allocate(9), 2, 4, 3), "stride 3 is less than the 4 columns");
        refused(() -> Matrix.of(DoubleBuffer.allocate(6), 2, 3, 4), "needs 7 numbers, found 6");
        refused(() -> Matrix.of(DoubleBuffer.allocate(9).limit(6), 2, 3, 4), "needs 7 numbers, found 6");
        refused(() -> Matrix.of(new float[8], 1 << 20, 1 << 20), "needs 1099511627776 numbers");
        refused(() -> Matrix.of(new double[][] {{1, 2}, {3}}), "row 1 has 1 numbers, row 0 has 2");
        refused(() -> Matrix.of(new float[][] {{1}, {2}, {3, 4}}), "row 2 has 2 numbers, row 0 has 1");
    }

    private static double[] packed(double[][] rows, int columns, int stride) {
        double[] packed = filled((rows.length - 1) * stride + columns);
        for (int r = 0; r < rows.length; r++) {
            System.arraycopy(rows[r], 0, packed, r * stride, columns);
        }
        return packed;
    }

    /** An array that is -9 everywhere, so that what should not be read or written shows. */
    private static double[] filled(int length) {
        double[] array = new double[length];
        Arrays.fill(array, -9);
        return array;
    }

    private static float[] floats(double[] doubles) {
        float[] floats = new float[doubles.length];
        for (int k = 0; k < floats.length; k++) {
            floats[k] = (float) doubles[k];
        }
        return floats;
    }
}
