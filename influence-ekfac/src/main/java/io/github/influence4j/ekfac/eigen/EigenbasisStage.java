package io.github.influence4j.ekfac.eigen;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.factor.LayerCovariance;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.SymmetricEigen;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decomposes covariances, in float64. Costs about 9(i³ + o³) flops a layer. */
public final class EigenbasisStage {

    private static final Logger LOG = LoggerFactory.getLogger(EigenbasisStage.class);

    private EigenbasisStage() {}

    /**
     * Decomposes both covariances of a layer. Eigenvalues that rounding made negative are set to 0, and logged.
     *
     * @param backend where the covariances lie
     * @param covariance the covariances; not changed
     * @return the eigenbasis, which the caller closes
     * @throws NumericalException if a decomposition fails, naming the layer
     */
    public static LayerEigenbasis decompose(MatrixBackend backend, LayerCovariance covariance) {
        LayerSpec layer = covariance.layer();
        SymmetricEigen activation = eigen(backend, layer, "activation covariance", covariance.activation());
        try {
            SymmetricEigen gradient = eigen(backend, layer, "gradient covariance", covariance.gradient());
            return new LayerEigenbasis(
                    layer, activation.vectors(), activation.values(), gradient.vectors(), gradient.values());
        } catch (RuntimeException | Error e) {
            activation.close();
            throw e;
        }
    }

    private static SymmetricEigen eigen(MatrixBackend backend, LayerSpec layer, String what, BackendMatrix covariance) {
        SymmetricEigen eigen;
        try {
            eigen = backend.eigen(covariance);
        } catch (NumericalException e) {
            NumericalException named =
                    new NumericalException("layer " + layer.name() + ", " + what + ": " + e.getMessage());
            named.initCause(e);
            throw named;
        }
        double[] values = eigen.values().clone();
        int negative = 0;
        for (int k = 0; k < values.length && values[k] < 0; k++) {
            values[k] = 0;
            negative++;
        }
        if (negative > 0) {
            LOG.debug(
                    "layer {}: {} of {} eigenvalues of the {} were negative, the lowest {}, and are taken as 0",
                    layer.name(),
                    negative,
                    values.length,
                    what,
                    eigen.values()[0]);
        }
        if (backend.precision() == Precision.FLOAT64) {
            return new SymmetricEigen(values, eigen.vectors());
        }
        try (BackendMatrix exact = eigen.vectors()) {
            return new SymmetricEigen(values, backend.copyOf(exact, backend.precision()));
        }
    }
}
