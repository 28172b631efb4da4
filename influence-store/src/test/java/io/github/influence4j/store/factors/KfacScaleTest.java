package io.github.influence4j.store.factors;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.eigen.KroneckerEigenvalues;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.store.Backends;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** K-FAC's scale by positions of an example comes back from files, whichever diagonal block is dead. */
class KfacScaleTest {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void comesBackWhereABlockIsDead() throws IOException {
        double[][] ofGradients = {{0, 0.5, 0, 0}, {0, 0, 0.25, 0.5}, {0.25, 0.5, 1, 2}, {0, 0, 0, 0}};
        double[][] ofActivations = {{0.5, 1}, {0, 0}, {1, 0}};
        for (double[] gradient : ofGradients) {
            for (double[] activation : ofActivations) {
                for (double scale : new double[] {1, 3.5}) {
                    LayerSpec layer = LayerSpec.tokens("layer", 2, 4).withoutBias();
                    LayerEigenbasis basis =
                            new LayerEigenbasis(layer, identity(1, 1), activation, identity(2, 2), gradient);
                    BackendMatrix eigenvalues = KroneckerEigenvalues.of(Backends.EJML, basis, scale);
                    Provenance provenance = Provenance.here("here", Precision.FLOAT64, Optional.empty())
                            .withOption("strategy", Strategy.KFAC.toString());
                    try (EigenbasisCurvature saved = EigenbasisCurvature.of(
                            Backends.EJML,
                            List.of(LayerCurvature.of(layer, Optional.of(basis), Optional.of(eigenvalues))),
                            provenance)) {
                        FactorStore.save(folder, saved);
                        try (EigenbasisCurvature loaded = EigenbasisCurvature.require(
                                FactorStore.open(folder).load(Backends.EJML))) {
                            assertClose(
                                    eigenvalues,
                                    loaded.layerCurvatures()
                                            .get(0)
                                            .eigenvalues()
                                            .orElseThrow(),
                                    Tolerances.EXACT_SOLVE,
                                    "scale " + scale);
                        }
                    }
                }
            }
        }
    }

    private static BlockDiagonal identity(int... sizes) {
        List<BackendMatrix> blocks = new ArrayList<>();
        for (int size : sizes) {
            double[][] block = new double[size][size];
            for (int k = 0; k < size; k++) {
                block[k][k] = 1;
            }
            blocks.add(Backends.EJML.copyOf(Matrix.of(block), Precision.FLOAT64));
        }
        return BlockDiagonal.of(blocks);
    }
}
