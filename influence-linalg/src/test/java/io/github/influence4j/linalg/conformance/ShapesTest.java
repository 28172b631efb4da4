package io.github.influence4j.linalg.conformance;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation refuses shapes and precisions that do not fit, and says which. */
@ParameterizedClass
@MethodSource("io.github.influence4j.linalg.conformance.BackendUnderTest#all")
class ShapesTest {

    private final MatrixBackend backend;

    ShapesTest(BackendUnderTest under) {
        backend = under.backend();
    }

    @Test
    void refusesShapesThatDoNotFit() {
        try (BackendMatrix a = backend.zeros(2, 3, Precision.FLOAT64);
                BackendMatrix b = backend.zeros(3, 4, Precision.FLOAT64);
                BackendMatrix c = backend.zeros(2, 4, Precision.FLOAT64);
                BackendMatrix square = backend.zeros(3, 3, Precision.FLOAT64);
                BackendMatrix wide = backend.zeros(3, 6, Precision.FLOAT64);
                BackendMatrix one = backend.zeros(1, 1, Precision.FLOAT64)) {
            BackendMatrix strided = wide.view(0, 3, 0, 3);
            Map<String, Executable> wrong = new LinkedHashMap<>();
            wrong.put("upload: expected the same shape twice, found [2, 3], [3, 4]", () -> backend.upload(a, b));
            wrong.put(
                    "multiply: expected [m, k] [k, n] = [m, n], found [2, 3] [4, 3] = [2, 4]",
                    () -> backend.multiply(Operand.of(a), Operand.transposed(b), c));
            wrong.put("found [2, 3] [3, 4] = [3, 4]", () -> backend.multiply(Operand.of(a), Operand.of(b), b));
            wrong.put(
                    "multiplyBatch: 3 cannot be cut into 2 parts",
                    () -> backend.multiplyBatch(2, 1, Operand.of(b), Operand.of(b), 0, c));
            wrong.put(
                    "multiplyBatch: expected [m, k] [k, n] = [m, n] for each of 2 members, found [1, 3] [3, 4] = [1, 3]",
                    () -> backend.multiplyBatch(
                            2, 1, Operand.of(a), Operand.of(b).forAll(), 0, a));
            wrong.put("cut into 0 parts", () -> backend.multiplyBatch(0, 1, Operand.of(a), Operand.of(b), 0, c));
            wrong.put(
                    "rankUpdate: expected [k, n] and [n, n], found [2, 3], [2, 4]",
                    () -> backend.rankUpdate(1, a, 0, c));
            wrong.put("mirrorUpper: expected [n, n], found [2, 3]", () -> backend.mirrorUpper(a));
            wrong.put("mirrorUpper: expected the same shape twice", () -> backend.mirrorUpper(1, square, a));
            wrong.put("upload: expected the numbers of [2, 3], found 5", () -> backend.upload(new float[5], a));
            wrong.put("addScaled: expected the same shape twice", () -> backend.addScaled(1, a, b));
            wrong.put("multiplyElements: expected the same shape", () -> backend.multiplyElements(a, a, b));
            wrong.put("addSquares: expected [2 m, n] and [m, n]", () -> backend.addSquares(2, a, 1, b));
            wrong.put("addSquares: 2 cannot be cut", () -> backend.addSquares(3, a, 1, one));
            wrong.put("shiftedReciprocal: expected the same", () -> backend.shiftedReciprocal(a, 1, b));
            wrong.put("rowDots: 3 cannot be cut into 2", () -> backend.rowDots(2, a, a, c));
            wrong.put("rowDots: expected [r, 3 w], the same or [r, w]", () -> backend.rowDots(3, a, a, c));
            wrong.put("eigen: expected [n, n], found [2, 3]", () -> backend.eigen(a));
            wrong.put("cholesky: expected [n, n], found [2, 3]", () -> backend.cholesky(a));
            wrong.put("cholesky: expected a packed matrix", () -> backend.cholesky(strided));
            wrong.put("choleskySolve: expected [n, n] and [n, k]", () -> backend.choleskySolve(square, a));
            wrong.put("choleskySolve: expected a packed", () -> backend.choleskySolve(square, strided));
            wrong.forEach(ShapesTest::assertRefused);
        }
    }

    @Test
    void refusesPrecisionsThatDoNotFit() {
        if (backend.precision() == Precision.FLOAT64) {
            return;
        }
        try (BackendMatrix single = backend.copyOf(Matrix.of(new double[][] {{1}}), Precision.FLOAT32);
                BackendMatrix twice = backend.copyOf(single, Precision.FLOAT64)) {
            Operand a = Operand.of(single);
            Operand b = Operand.of(twice);
            String mixed = ": expected one precision, found FLOAT";
            assertRefused("multiply" + mixed, () -> backend.multiply(a, b, single));
            assertRefused("multiplyBatch" + mixed, () -> backend.multiplyBatch(1, 1, a, a, 0, twice));
            assertRefused("rankUpdate" + mixed, () -> backend.rankUpdate(1, single, 0, twice));
            assertRefused("addScaled" + mixed, () -> backend.addScaled(1, twice, single));
            assertRefused("multiplyElements" + mixed, () -> backend.multiplyElements(single, twice, twice));
            assertRefused("rowDots" + mixed, () -> backend.rowDots(1, single, twice, single));
            String narrow = ": expected FLOAT64, found FLOAT32";
            assertRefused("addSquares" + mixed, () -> backend.addSquares(1, twice, 1, single));
            assertRefused("shiftedReciprocal" + narrow, () -> backend.shiftedReciprocal(single, 1, twice));
            assertRefused("eigen" + narrow, () -> backend.eigen(single));
            assertRefused("svd" + narrow, () -> backend.svd(single));
            assertRefused("cholesky" + narrow, () -> backend.cholesky(single));
            assertRefused("choleskySolve" + narrow, () -> backend.choleskySolve(twice, single));
        }
    }

    private static void assertRefused(String message, Executable wrong) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, wrong, message);
        assertTrue(e.toString().contains(message), () -> "expected '" + message + "' in " + e);
    }
}
