package io.github.influence4j.ekfac.internal.eigen;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;

/** K-FAC's eigenvalues, the products of those of the two covariances (paper, Eq. 17). */
public final class KroneckerEigenvalues {

    private KroneckerEigenvalues() {}

    /**
     * Computes scale · σ αᵀ.
     *
     * @param backend where the result lies
     * @param basis holds σ and α
     * @param scale factor of all eigenvalues
     * @return [o, i] in float64, which the caller closes
     */
    public static BackendMatrix of(MatrixBackend backend, LayerEigenbasis basis, double scale) {
        return backend.copyOf(new Products(basis, scale), Precision.FLOAT64);
    }

    /** Made as it is read, so that the host never holds it whole. */
    private record Products(LayerEigenbasis basis, double scale) implements Matrix {

        @Override
        public int rows() {
            return basis.gradientValues().length;
        }

        @Override
        public int columns() {
            return basis.activationValues().length;
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT64;
        }

        private double product(long index) {
            return scale
                    * basis.gradientValues()[(int) (index / columns())]
                    * basis.activationValues()[(int) (index % columns())];
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            for (int k = 0; k < rowCount * columns(); k++) {
                target[offset + k] = (float) product((long) firstRow * columns() + k);
            }
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            for (int k = 0; k < rowCount * columns(); k++) {
                target[offset + k] = product((long) firstRow * columns() + k);
            }
        }
    }
}
