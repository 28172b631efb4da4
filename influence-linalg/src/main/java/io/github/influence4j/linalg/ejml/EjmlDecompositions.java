package io.github.influence4j.linalg.ejml;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.linalg.Layout;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.linalg.ThinSvd;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.SingularOps_DDRM;
import org.ejml.dense.row.decomposition.TriangularSolver_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F64;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;

/** EJML's decompositions with sorted results, scaled input and exceptions in place of flags. */
final class EjmlDecompositions {

    SymmetricEigen eigen(EjmlMatrix symmetric) {
        int n = symmetric.rows();
        DMatrixRMaj scaled = DMatrixRMaj.wrap(n, n, symmetric.packedCopy());
        double scale = normalise(scaled, "eigen");
        EigenDecomposition_F64<DMatrixRMaj> decomposition = DecompositionFactory_DDRM.eig(n, true, true);
        if (!decomposition.decompose(scaled)) {
            throw new NumericalException("eigen: the iteration did not converge for a matrix of order " + n);
        }
        int[] ascending = IntStream.range(0, n)
                .boxed()
                .sorted(Comparator.comparingDouble(
                        i -> decomposition.getEigenvalue(i).getReal()))
                .mapToInt(Integer::intValue)
                .toArray();
        double[] values = new double[n];
        double[] vectors = new double[n * n];
        for (int k = 0; k < n; k++) {
            values[k] = decomposition.getEigenvalue(ascending[k]).getReal() * scale;
            double[] vector = decomposition.getEigenVector(ascending[k]).data;
            for (int i = 0; i < n; i++) {
                vectors[i * n + k] = vector[i];
            }
        }
        return new SymmetricEigen(values, packed(vectors, n, n));
    }

    ThinSvd svd(EjmlMatrix matrix) {
        int m = matrix.rows();
        int n = matrix.columns();
        int k = Math.min(m, n);
        DMatrixRMaj scaled = DMatrixRMaj.wrap(m, n, matrix.packedCopy());
        double scale = normalise(scaled, "svd");
        SingularValueDecomposition_F64<DMatrixRMaj> decomposition =
                DecompositionFactory_DDRM.svd(m, n, true, true, true);
        if (!decomposition.decompose(scaled)) {
            throw new NumericalException("svd: the iteration did not converge for a matrix of " + m + " x " + n);
        }
        DMatrixRMaj u = decomposition.getU(null, false);
        DMatrixRMaj vt = decomposition.getV(null, true);
        double[] values = decomposition.getSingularValues();
        SingularOps_DDRM.descendingOrder(u, false, values, k, vt, true);
        double[] scaledBack = new double[k];
        for (int i = 0; i < k; i++) {
            scaledBack[i] = values[i] * scale;
        }
        return new ThinSvd(packed(u.data, m, k), scaledBack, packed(vt.data, k, n));
    }

    void cholesky(EjmlMatrix matrix) {
        int n = matrix.rows();
        DMatrixRMaj copy = DMatrixRMaj.wrap(n, n, matrix.packedCopy());
        CholeskyDecomposition_F64<DMatrixRMaj> decomposition = DecompositionFactory_DDRM.chol(n, false);
        boolean done = decomposition.decompose(copy);
        DMatrixRMaj factor = decomposition.getT(null);
        for (int i = 0; i < n; i++) {
            // written so that NaN fails
            if (!done || !(factor.get(i, i) > 0 && factor.get(i, i) < Double.POSITIVE_INFINITY)) {
                throw new NumericalException("cholesky: the matrix of order " + n + " is not positive definite");
            }
        }
        System.arraycopy(factor.data, 0, matrix.data(), matrix.start(0), n * n);
    }

    void choleskySolve(EjmlMatrix factor, EjmlMatrix rightHandSides) {
        int n = factor.rows();
        double[] r = factor.dense().data;
        double[] y = rightHandSides.data();
        int stride = rightHandSides.columns();
        double[] column = new double[n];
        for (int j = 0; j < stride; j++) {
            for (int i = 0; i < n; i++) {
                column[i] = y[rightHandSides.start(i) + j];
            }
            TriangularSolver_DDRM.solveTranU(r, column, n);
            TriangularSolver_DDRM.solveU(r, column, n);
            for (int i = 0; i < n; i++) {
                y[rightHandSides.start(i) + j] = column[i];
            }
        }
    }

    /** Divides by the power of two next to the largest magnitude, which is exact, and returns it. */
    private static double normalise(DMatrixRMaj matrix, String operation) {
        double largest = CommonOps_DDRM.elementMaxAbs(matrix);
        for (int i = 0; i < matrix.getNumElements(); i++) {
            if (!Double.isFinite(matrix.data[i])) {
                throw new NumericalException(operation + ": the matrix of " + matrix.numRows + " x " + matrix.numCols
                        + " has " + matrix.data[i] + " at [" + i / matrix.numCols + "][" + i % matrix.numCols + "]");
            }
        }
        if (largest == 0) {
            return 1;
        }
        int exponent = Math.getExponent(largest);
        for (int i = 0; i < matrix.getNumElements(); i++) {
            matrix.data[i] = Math.scalb(matrix.data[i], -exponent);
        }
        return Math.scalb(1.0, exponent);
    }

    private static EjmlMatrix packed(double[] data, int rows, int columns) {
        return EjmlMatrix.owning(data, Layout.packed(rows, columns, data.length));
    }
}
