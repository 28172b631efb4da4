package io.github.influence4j.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import org.junit.jupiter.api.Test;

class MatrixBackendsTest {

    @Test
    void startsTheBackendAskedForAndMultiplies() {
        try (MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
                BackendMatrix a = backend.copyOf(Matrix.of(new double[] {1, 2, 3, 4}, 2, 2), Precision.FLOAT64);
                BackendMatrix c = backend.zeros(2, 2)) {
            backend.multiply(Operand.of(a), Operand.transposed(a), c);
            assertEquals(25, c.toArray()[1][1]);
            assertEquals(11, c.toArray()[0][1]);
        }
    }

    @Test
    void refusesAnUnknownNameAndListsTheOnesThereAre() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> MatrixBackends.named("abacus", Precision.FLOAT64));
        assertTrue(e.toString().contains("abacus") && e.toString().contains("ejml"), e.toString());
    }
}
