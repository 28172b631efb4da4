package io.github.influence4j.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RowsTest {

    /** Numbers that their place tells, and how often somebody asked for some. */
    private static final class Counting implements Matrix {
        private final int rows;
        private final int columns;
        private int reads;

        Counting(int rows, int columns) {
            this.rows = rows;
            this.columns = columns;
        }

        @Override
        public int rows() {
            return rows;
        }

        @Override
        public int columns() {
            return columns;
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT64;
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            throw new UnsupportedOperationException("would lose digits");
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            reads++;
            for (int k = 0; k < rowCount * columns; k++) {
                target[offset + k] = (double) firstRow * columns + k;
            }
        }
    }

    @Property(tries = 60)
    void everyRowComesOnceInOrder(
            @ForAll @IntRange(max = 400) int rows, @ForAll @IntRange(min = 1, max = 3_000) int columns) {
        Counting matrix = new Counting(rows, columns);
        int[] next = {0};
        Rows.forEach(matrix, (row, numbers, offset) -> {
            assertEquals(next[0]++, row);
            assertEquals((double) row * columns, numbers[offset]);
            assertEquals((double) row * columns + columns - 1, numbers[offset + columns - 1]);
        });
        assertEquals(rows, next[0]);
    }

    @Test
    void oneTransferBringsManyRows() {
        Counting matrix = new Counting(1000, 260);
        Rows.forEach(matrix, (row, numbers, offset) -> {});
        assertEquals(1, matrix.reads);
    }

    @Test
    void longRowsComeOneByOne() {
        Counting matrix = new Counting(3, 300_000);
        double[] firsts = new double[3];
        Rows.forEach(matrix, (row, numbers, offset) -> firsts[row] = numbers[offset]);
        assertEquals(3, matrix.reads);
        assertArrayEquals(new double[] {0, 300_000, 600_000}, firsts);
    }
}
