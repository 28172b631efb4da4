package io.github.influence4j.examples.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The tables hold what their sources say. */
class TablesTest {

    @Test
    void concreteIsWhole() {
        List<double[]> rows = Tables.concrete();
        assertArrayEquals(new double[] {540, 0, 0, 162, 2.5, 1040, 676, 28, 79.99}, rows.get(0));
        assertEquals(35.818, rows.stream().mapToDouble(row -> row[8]).average().orElseThrow(), 5e-4);
    }

    @Test
    void diabetesIsWhole() {
        List<double[]> rows = Tables.diabetes();
        assertArrayEquals(new double[] {59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.8598, 87, 151}, rows.get(0));
        assertEquals(
                152.133, rows.stream().mapToDouble(row -> row[10]).average().orElseThrow(), 5e-4);
    }
}
