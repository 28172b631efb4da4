package io.github.influence4j.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.testkit.Tolerances;
import org.apache.commons.math3.special.Erf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ActivationTest {

    private static final double STEP = 1e-5;

    @ParameterizedTest
    @EnumSource
    void slopeIsTheDerivative(Activation activation) {
        for (double z = -6.05; z < 6; z += 0.1) {
            double expected = (activation.value(z + STEP) - activation.value(z - STEP)) / (2 * STEP);
            assertEquals(
                    expected,
                    activation.slope(z, activation.value(z)),
                    Tolerances.FINITE_DIFFERENCE,
                    activation + " at " + z);
        }
    }

    @ParameterizedTest
    @EnumSource
    void extremesStayFiniteAndNanStaysNan(Activation activation) {
        for (double z : new double[] {-1e6, -50, -0.0, 0, 50, 1e6}) {
            assertTrue(Double.isFinite(activation.value(z)), activation + " at " + z);
            assertTrue(Double.isFinite(activation.slope(z, activation.value(z))), activation + "' at " + z);
        }
        assertTrue(Double.isNaN(activation.value(Double.NaN)), activation + " hides NaN");
    }

    @Test
    void geluIsCloseToTheFormWithTheErrorFunction() {
        for (double z = -6; z <= 6; z += 0.25) {
            double exact = 0.5 * z * Erf.erfc(-z / Math.sqrt(2));
            assertEquals(exact, Activation.GELU.value(z), Tolerances.GELU_TANH_FORM, "at " + z);
        }
    }

    @Test
    void reluIsFlatAtZero() {
        assertEquals(0, Activation.RELU.slope(0, 0));
        assertEquals(0, Activation.RELU.value(-3));
        assertEquals(3, Activation.RELU.value(3));
    }
}
