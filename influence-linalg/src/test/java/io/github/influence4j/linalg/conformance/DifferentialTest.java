package io.github.influence4j.linalg.conformance;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every backend in float64 and EJML do the same work: the chain of operations that EK-FAC is. */
class DifferentialTest {

    @ParameterizedTest
    @CsvSource({"5, 1, 1, 1", "4, 3, 2, 3", "7, 5, 31, 7", "6, 11, 17, 41", "3, 2, 64, 97"})
    void backendsAgree(int examples, int positions, int outputs, int inputs) {
        double[][] expected = precondition(BackendUnderTest.EJML, examples, positions, outputs, inputs);
        List<BackendUnderTest> others = BackendUnderTest.all()
                .filter(under -> under.backend().precision() == Precision.FLOAT64)
                .toList();
        for (BackendUnderTest other : others) {
            double[][] found = precondition(other, examples, positions, outputs, inputs);
            assertClose(expected, found, Tolerances.EXACT_SOLVE, other.toString());
        }
    }

    /**
     * Per-example gradients divided by their damped second moments in the eigenbasis of the covariances, and rotated back:
     * the signs and the order of eigenvectors drop out, and so does the basis of a repeated eigenvalue, where the second
     * moments are constant.
     */
    private static double[][] precondition(BackendUnderTest under, int n, int t, int outputs, int inputs) {
        MatrixBackend backend = under.backend();
        try (Numbers numbers = new Numbers(backend, 11)) {
            BackendMatrix a = numbers.put(numbers.random(n * t, inputs), false);
            BackendMatrix g = numbers.put(numbers.random(n * t, outputs), true);
            BackendMatrix covarianceA = numbers.put(Numbers.identity(inputs), false);
            BackendMatrix covarianceG = numbers.put(Numbers.identity(outputs), false);
            BackendMatrix reciprocals = numbers.put(new double[outputs][inputs], false);
            BackendMatrix rotatedA = numbers.put(new double[n * t][inputs], false);
            BackendMatrix rotatedG = numbers.put(new double[n * t][outputs], false);
            BackendMatrix gradients = numbers.put(new double[n * outputs][inputs], false);
            BackendMatrix half = numbers.put(new double[n * outputs][inputs], false);
            BackendMatrix back = numbers.put(new double[n * outputs][inputs], true);
            backend.rankUpdate(1.0 / n, a, 0.5, covarianceA);
            backend.mirrorUpper(covarianceA);
            backend.rankUpdate(1.0 / n, g, 0.5, covarianceG);
            backend.mirrorUpper(covarianceG);
            try (SymmetricEigen eigenA = backend.eigen(covarianceA);
                    SymmetricEigen eigenG = backend.eigen(covarianceG)) {
                Operand qA = Operand.of(eigenA.vectors());
                backend.multiply(Operand.of(a), qA, rotatedA);
                backend.multiply(Operand.of(g), Operand.of(eigenG.vectors()), rotatedG);
                backend.multiplyBatch(n, 1, Operand.transposed(rotatedG), Operand.of(rotatedA), 0, gradients);
                try (BackendMatrix moments = backend.zeros(outputs, inputs, Precision.FLOAT64)) {
                    kroneckerOfEigenvalues(backend, eigenG.values(), eigenA.values(), moments);
                    backend.shiftedReciprocal(moments, 0.1, reciprocals);
                }
                for (int j = 0; j < n; j++) {
                    BackendMatrix gradient = gradients.rows(j * outputs, outputs);
                    backend.multiplyElements(gradient, reciprocals, gradient);
                }
                backend.multiply(Operand.of(gradients), Operand.transposed(eigenA.vectors()), half);
                backend.multiplyBatch(n, 1, Operand.of(eigenG.vectors()).forAll(), Operand.of(half), 0, back);
            }
            return back.toArray();
        }
    }

    private static void kroneckerOfEigenvalues(
            MatrixBackend backend, double[] left, double[] right, BackendMatrix moments) {
        double[][] products = new double[left.length][right.length];
        for (int i = 0; i < left.length; i++) {
            for (int j = 0; j < right.length; j++) {
                products[i][j] = left[i] * right[j];
            }
        }
        backend.upload(Matrix.of(products), moments);
    }
}
