package io.github.influence4j.ekfac.internal.eigen;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.SymmetricEigen;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decomposes covariances, in float64, block by block. Costs about 9(i³ + o³)/O² flops a layer with O blocks. */
public final class EigenbasisStage {

    private static final Logger LOG = LoggerFactory.getLogger(EigenbasisStage.class);

    private EigenbasisStage() {}

    /**
     * Decomposes both covariances of a layer. Eigenvalues that rounding made negative are set to 0, and logged.
     *
     * @param backend where the covariances lie
     * @param covariance both covariances; not changed
     * @return the eigenbasis, which the caller closes
     * @throws NumericalException if a decomposition fails, naming the layer
     */
    public static LayerEigenbasis decompose(MatrixBackend backend, LayerCovariance covariance) {
        LayerSpec layer = covariance.layer();
        BlockDiagonal inputs = covariance.activation().orElseThrow();
        double[] values = new double[inputs.rows()];
        BlockDiagonal activation = eigen(backend, layer, "activation covariance", inputs, values);
        try {
            return decomposeGradient(backend, covariance, activation, values);
        } catch (RuntimeException | Error e) {
            activation.close();
            throw e;
        }
    }

    /**
     * Decomposes the covariance of output gradients of a layer whose inputs another layer reads too.
     *
     * @param backend where the covariance lies
     * @param covariance the covariance; not changed
     * @param source the eigenbasis of the other layer
     * @return the eigenbasis, with the Q_A and α of {@code source}; the caller closes it together with {@code source}
     * @throws NumericalException if the decomposition fails, naming the layer
     */
    public static LayerEigenbasis decompose(MatrixBackend backend, LayerCovariance covariance, LayerEigenbasis source) {
        return decomposeGradient(backend, covariance, source.activationVectors(), source.activationValues());
    }

    private static LayerEigenbasis decomposeGradient(
            MatrixBackend backend,
            LayerCovariance covariance,
            BlockDiagonal activationVectors,
            double[] activationValues) {
        LayerSpec layer = covariance.layer();
        double[] values = new double[covariance.gradient().rows()];
        BlockDiagonal gradient = eigen(backend, layer, "gradient covariance", covariance.gradient(), values);
        return new LayerEigenbasis(layer, activationVectors, activationValues, gradient, values);
    }

    /** Decomposes every block; {@code values} receives the eigenvalues. */
    private static BlockDiagonal eigen(
            MatrixBackend backend, LayerSpec layer, String what, BlockDiagonal covariance, double[] values) {
        List<BackendMatrix> vectors = new ArrayList<>();
        try {
            int offset = 0;
            for (BackendMatrix block : covariance.blocks()) {
                SymmetricEigen eigen = eigen(backend, layer, what, block);
                vectors.add(inWorkingPrecision(backend, eigen.vectors()));
                System.arraycopy(eigen.values(), 0, values, offset, block.rows());
                offset += block.rows();
            }
        } catch (RuntimeException | Error e) {
            vectors.forEach(BackendMatrix::close);
            throw e;
        }
        clampNegative(layer, what, values);
        return BlockDiagonal.of(vectors);
    }

    private static SymmetricEigen eigen(MatrixBackend backend, LayerSpec layer, String what, BackendMatrix block) {
        try {
            return backend.eigen(block);
        } catch (NumericalException e) {
            NumericalException named =
                    new NumericalException("layer " + layer.name() + ", " + what + ": " + e.getMessage());
            named.initCause(e);
            throw named;
        }
    }

    /** Copies vectors where they need converting, and then closes the exact ones. */
    private static BackendMatrix inWorkingPrecision(MatrixBackend backend, BackendMatrix vectors) {
        if (backend.precision() == Precision.FLOAT64) {
            return vectors;
        }
        try (BackendMatrix exact = vectors) {
            return backend.copyOf(exact, backend.precision());
        }
    }

    private static void clampNegative(LayerSpec layer, String what, double[] values) {
        int negative = 0;
        double lowest = 0;
        for (int k = 0; k < values.length; k++) {
            if (values[k] < 0) {
                lowest = Math.min(lowest, values[k]);
                values[k] = 0;
                negative++;
            }
        }
        if (negative > 0) {
            LOG.debug(
                    "layer {}: {} of {} eigenvalues of the {} were negative, the lowest {}, and are taken as 0",
                    layer.name(),
                    negative,
                    values.length,
                    what,
                    lowest);
        }
    }
}
