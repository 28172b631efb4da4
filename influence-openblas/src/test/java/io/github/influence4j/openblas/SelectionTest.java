package io.github.influence4j.openblas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SelectionTest {

    @ParameterizedTest
    @EnumSource
    void isTakenWhereNothingIsAskedFor(Precision precision) {
        try (MatrixBackend backend = MatrixBackends.select(precision)) {
            assertEquals("openblas", backend.name());
            assertEquals(precision, backend.precision());
            assertTrue(backend.description().contains("OpenBLAS 0.3.31"), backend.description());
        }
    }
}
