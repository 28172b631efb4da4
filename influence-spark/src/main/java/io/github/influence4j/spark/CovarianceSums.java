package io.github.influence4j.spark;

import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.ekfac.internal.factor.PassSums;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;
import java.util.Map;

/**
 * Which sums of outer products a pass takes.
 *
 * @param settings options
 * @param basis what the outer products are of
 */
record CovarianceSums(FitSettings settings, CovarianceStage.Basis basis) implements FitPass.Sums {

    /** Those whose eigenvectors become the bases. */
    static CovarianceSums of(FitSettings settings) {
        return new CovarianceSums(settings, CovarianceStage.Basis.of(settings.strategy()));
    }

    /** Those of whole gradients, which decide between eigenvectors of equal eigenvalues. */
    static CovarianceSums ofGradients(FitSettings settings) {
        return new CovarianceSums(settings, CovarianceStage.Basis.GRADIENTS);
    }

    private CovarianceStage stage(MatrixBackend backend, List<LayerSpec> layers, SharedInputs shared) {
        int weight = FisherObjectives.of(settings.options().labels()).weight();
        return new CovarianceStage(
                backend,
                layers,
                new CovarianceStage.Options(weight, settings.blocks(), basis, shared, settings.float64Covariances()));
    }

    @Override
    public PassSums make(GradientProvider<?> model, MatrixBackend backend, List<LayerSpec> layers) {
        SharedInputs shared = basis == CovarianceStage.Basis.POSITIONS
                ? SharedInputs.of(model, CapturePass.layersOf(model))
                : SharedInputs.none();
        return stage(backend, layers, shared);
    }

    /** Makes covariances of the sums of a unit, whose first layer has the A of all; the caller closes them. */
    List<LayerCovariance> release(MatrixBackend backend, List<LayerSpec> unit, Map<String, Matrix> sums) {
        SharedInputs shared = basis == CovarianceStage.Basis.POSITIONS
                ? SharedInputs.of(List.of(unit.stream().map(LayerSpec::name).toList()), unit)
                : SharedInputs.none();
        try (CovarianceStage stage = stage(backend, unit, shared)) {
            stage.restore(name -> {
                Matrix found = sums.get(name);
                if (found == null) {
                    throw new IllegalStateException("sums of " + sums.keySet() + " lack " + name);
                }
                return found;
            });
            return stage.release();
        }
    }
}
