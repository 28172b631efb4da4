package io.github.influence4j.ekfac.internal.solve;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.Scale;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;

/**
 * What a solver multiplies with in the eigenbasis of a layer, 1/(Λ+λ) or another function of it, scaled into the range of the working
 * precision.
 *
 * @param values [o, i] in the working precision, packed
 * @param exponent e, where {@code values} are 2^e times the factors
 */
public record Reciprocals(BackendMatrix values, int exponent) implements AutoCloseable {

    /**
     * Divides 1 by the damped eigenvalues.
     *
     * @param backend where they lie
     * @param eigenvalues Λ, [o, i] in float64
     * @param least the least of Λ
     * @param lambda λ, with Λ+λ positive
     * @return 1/(Λ+λ), which the caller closes
     */
    static Reciprocals of(MatrixBackend backend, BackendMatrix eigenvalues, double least, double lambda) {
        int exponent = exponent(backend, 1 / (least + lambda));
        BackendMatrix result = backend.zeros(eigenvalues.rows(), eigenvalues.columns());
        try {
            if (exponent == 0) {
                backend.shiftedReciprocal(eigenvalues, lambda, result);
            } else {
                // 2^e / (Λ+λ) = 1 / (2^-e Λ + 2^-e λ)
                double factor = Math.scalb(1.0, -exponent);
                try (BackendMatrix scaled = backend.zeros(result.rows(), result.columns(), Precision.FLOAT64)) {
                    backend.addScaled(factor, eigenvalues, scaled);
                    backend.shiftedReciprocal(scaled, factor * lambda, result);
                }
            }
            return new Reciprocals(result, exponent);
        } catch (RuntimeException | Error e) {
            result.close();
            throw e;
        }
    }

    /**
     * Takes any factors.
     *
     * @param backend where they go
     * @param factors [o, i], finite; overwritten
     * @return the factors, which the caller closes
     */
    static Reciprocals of(MatrixBackend backend, double[][] factors) {
        double largest = 0;
        for (double[] row : factors) {
            for (double value : row) {
                largest = Math.max(largest, Math.abs(value));
            }
        }
        int exponent = exponent(backend, largest);
        for (double[] row : factors) {
            Scale.multiply(row, row.length, exponent);
        }
        return new Reciprocals(backend.copyOf(Matrix.of(factors), backend.precision()), exponent);
    }

    private static int exponent(MatrixBackend backend, double largest) {
        return backend.precision() == Precision.FLOAT32 ? Scale.exponent(largest) : 0;
    }

    @Override
    public void close() {
        values.close();
    }
}
