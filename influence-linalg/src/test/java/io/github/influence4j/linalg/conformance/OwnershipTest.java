package io.github.influence4j.linalg.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation refuses a matrix of another backend in every place, and says which operation and which matrix it was. */
@ParameterizedClass
@MethodSource("io.github.influence4j.linalg.conformance.BackendUnderTest#all")
class OwnershipTest {

    private static final double[][] NUMBERS = {{2, 0.5}, {0.5, 3}};

    private final MatrixBackend backend;

    OwnershipTest(BackendUnderTest under) {
        backend = under.backend();
    }

    @Test
    void refusesMatricesOfOthers() {
        BackendMatrix there = new ForeignMatrix(Matrix.of(NUMBERS));
        assertFalse(backend.holds(there));
        try (BackendMatrix here = backend.copyOf(there, Precision.FLOAT64)) {
            Operand own = Operand.of(here);
            Operand foreign = Operand.of(there);
            refused("multiply", () -> backend.multiply(foreign, own, here));
            refused("multiply", () -> backend.multiply(own, foreign, here));
            refused("multiply", () -> backend.multiply(own, own, there));
            refused("multiplyBatch", () -> backend.multiplyBatch(1, 1, foreign, own, 0, here));
            refused("multiplyBatch", () -> backend.multiplyBatch(1, 1, own, foreign.forAll(), 0, here));
            refused("multiplyBatch", () -> backend.multiplyBatch(1, 1, own, own, 0, there));
            refused("rankUpdate", () -> backend.rankUpdate(1, there, 0, here));
            refused("rankUpdate", () -> backend.rankUpdate(1, here, 0, there));
            refused("mirrorUpper", () -> backend.mirrorUpper(there));
            refused("mirrorUpper", () -> backend.mirrorUpper(1, there, here));
            refused("mirrorUpper", () -> backend.mirrorUpper(1, here, there));
            refused("addScaled", () -> backend.addScaled(1, there, here));
            refused("addScaled", () -> backend.addScaled(1, here, there));
            refused("multiplyElements", () -> backend.multiplyElements(there, here, here));
            refused("multiplyElements", () -> backend.multiplyElements(here, there, here));
            refused("multiplyElements", () -> backend.multiplyElements(here, here, there));
            refused("addSquares", () -> backend.addSquares(1, there, 0, here));
            refused("addSquares", () -> backend.addSquares(1, here, 0, there));
            refused("shiftedReciprocal", () -> backend.shiftedReciprocal(there, 1, here));
            refused("shiftedReciprocal", () -> backend.shiftedReciprocal(here, 1, there));
            refused("rowDots", () -> backend.rowDots(2, there, here, here));
            refused("rowDots", () -> backend.rowDots(2, here, there, here));
            refused("rowDots", () -> backend.rowDots(2, here, here, there));
            refused("eigen", () -> backend.eigen(there));
            refused("svd", () -> backend.svd(there));
            refused("orthonormalise", () -> backend.orthonormalise(there));
            refused("cholesky", () -> backend.cholesky(there));
            refused("choleskySolve", () -> backend.choleskySolve(there, here));
            refused("choleskySolve", () -> backend.choleskySolve(here, there));
            refused("isFinite", () -> backend.isFinite(there));
            refused("upload", () -> backend.upload(here, there));
            refused("upload", () -> backend.upload(new double[4], there));
            refused("upload", () -> backend.upload(new float[4], there));
            assertArrayEquals(NUMBERS, here.toArray(), "what was refused changed nothing");
        }
    }

    private void refused(String operation, Executable call) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call, operation);
        String expected = operation + ": expected a matrix of backend '" + backend.name()
                + "', found an abacus of 2 x 2; make one of its numbers by copyOf";
        assertTrue(e.toString().contains(expected), e::toString);
    }
}
