package io.github.influence4j.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import org.junit.jupiter.api.Test;

class MatrixAssertTest {

    private static final double[][] EXPECTED = {{1, 2}, {3, -4}};

    @Test
    void acceptsWhatIsWithinTheToleranceOfTheLargestMagnitude() {
        MatrixAssert.assertClose(EXPECTED, new double[][] {{1.03, 2}, {3, -4.03}}, 0.01, "m");
        MatrixAssert.assertClose(Matrix.of(EXPECTED), Matrix.of(EXPECTED), 0, "m");
        MatrixAssert.assertClose(new double[] {0, 0}, new double[] {0, 0}, 0, "zeros");
    }

    @Test
    void failsWithPlaceAndNumbers() {
        assertFails("m[1][0]: expected 3.0, found 3.05", new double[][] {{1, 2}, {3.05, -4}});
        assertFails("m[0][1]: expected 2.0, found NaN", new double[][] {{1, Double.NaN}, {3, -4}});
        assertFails("m: number of rows", new double[][] {{1, 2}});
        assertFails("m: number of columns in row 1", new double[][] {{1, 2}, {3}});
    }

    @Test
    void tolerancesFollowThePrecision() {
        assertEquals(Tolerances.REORDERED_FLOAT32, Tolerances.reordered(Precision.FLOAT32));
        assertEquals(Tolerances.REORDERED_FLOAT64, Tolerances.reordered(Precision.FLOAT64));
    }

    private static void assertFails(String message, double[][] actual) {
        AssertionError error =
                assertThrows(AssertionError.class, () -> MatrixAssert.assertClose(EXPECTED, actual, 0.01, "m"));
        assertTrue(error.toString().contains(message), error::toString);
    }
}
