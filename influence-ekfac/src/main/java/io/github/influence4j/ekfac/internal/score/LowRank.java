package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.ThinSvd;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Cuts one matrix to a rank, V ≈ L R, in float64. */
final class LowRank {

    private static final int OVERSAMPLING = 10;
    private static final int POWER_ITERATIONS = 2;

    private final MatrixBackend backend;
    private final QueryRank rank;

    LowRank(MatrixBackend backend, QueryRank rank) {
        this.backend = backend;
        this.rank = rank;
    }

    /**
     * Cuts a matrix.
     *
     * @param matrix V, [o, i]
     * @param left receives Lᵀ, [r, o]
     * @param right receives R, [r, i]
     * @return ‖V − L R‖ / ‖V‖ in Frobenius norm
     */
    double cut(BackendMatrix matrix, BackendMatrix left, BackendMatrix right) {
        try (BackendMatrix exact = backend.copyOf(matrix, Precision.FLOAT64)) {
            double squaredNorm = squaredNorm(exact);
            double kept = rank.seed().isPresent() ? randomised(exact, left, right) : store(exact, left, right);
            return squaredNorm == 0 ? 0 : Math.sqrt(Math.max(0, 1 - kept / squaredNorm));
        }
    }

    /** V Ω spans nearly what V's leading directions span; two rounds of VVᵀ sharpen it. */
    private double randomised(BackendMatrix v, BackendMatrix left, BackendMatrix right) {
        int width = Math.min(rank.rank() + OVERSAMPLING, Math.min(v.rows(), v.columns()));
        try (BackendMatrix directions = gaussian(v.columns(), width);
                BackendMatrix range = float64(v.rows(), width)) {
            backend.multiply(Operand.of(v), Operand.of(directions), range);
            backend.orthonormalise(range);
            for (int k = 0; k < POWER_ITERATIONS; k++) {
                backend.multiply(Operand.transposed(v), Operand.of(range), directions);
                backend.orthonormalise(directions);
                backend.multiply(Operand.of(v), Operand.of(directions), range);
                backend.orthonormalise(range);
            }
            try (BackendMatrix projected = float64(width, v.columns());
                    BackendMatrix smallLeft = float64(rank.rank(), width);
                    BackendMatrix wideLeft = float64(rank.rank(), v.rows())) {
                backend.multiply(Operand.transposed(range), Operand.of(v), projected);
                double kept = store(projected, smallLeft, right);
                backend.multiply(Operand.of(smallLeft), Operand.transposed(range), wideLeft);
                backend.upload(wideLeft, left);
                return kept;
            }
        }
    }

    /** Stores (U_r Σ_r)ᵀ and V_rᵀ; returns Σ of the r largest squared singular values. */
    private double store(BackendMatrix v, BackendMatrix left, BackendMatrix right) {
        try (ThinSvd svd = backend.svd(v)) {
            int r = rank.rank();
            double[][] u = svd.u().toArray();
            double[][] scaled = new double[r][u.length];
            double kept = 0;
            for (int k = 0; k < r; k++) {
                int column = k;
                double value = svd.values()[k];
                Arrays.setAll(scaled[k], o -> u[o][column] * value);
                kept += value * value;
            }
            backend.upload(Matrix.of(scaled), left);
            backend.upload(svd.vt().rows(0, r), right);
            return kept;
        }
    }

    private double squaredNorm(BackendMatrix v) {
        try (BackendMatrix sums = float64(1, v.columns())) {
            backend.addSquares(v.rows(), v, 0, sums);
            return Arrays.stream(sums.toArray()[0]).sum();
        }
    }

    private BackendMatrix gaussian(int rows, int columns) {
        SplittableRandom random = new SplittableRandom(rank.seed().orElseThrow());
        double[] numbers = new double[rows * columns];
        Arrays.setAll(numbers, k -> random.nextGaussian());
        return backend.copyOf(Matrix.of(numbers, rows, columns), Precision.FLOAT64);
    }

    private BackendMatrix float64(int rows, int columns) {
        return backend.zeros(rows, columns, Precision.FLOAT64);
    }
}
