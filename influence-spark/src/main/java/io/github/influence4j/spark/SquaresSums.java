package io.github.influence4j.spark;

import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.eigen.EigenvalueStage;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.factor.PassSums;
import io.github.influence4j.ekfac.internal.fit.KeptBasis;
import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.broadcast.Broadcast;

/**
 * Squares of gradients in the bases of a group of layers, which each JVM takes into its backend's memory once.
 *
 * @param key names the bases
 * @param blocks O, diagonal blocks of each covariance
 * @param sources for each layer the index of the one whose input it reads
 * @param bases the basis of each layer; empty for the parameters' own coordinates
 */
record SquaresSums(String key, int blocks, List<Integer> sources, List<Broadcast<SentPiece>> bases)
        implements FitPass.Sums {

    private static final Loans<Bases> LOANS = Loans.of(false);

    /** Bases that are closed together. */
    private record Bases(List<LayerEigenbasis> all) implements AutoCloseable {
        @Override
        public void close() {
            all.forEach(LayerEigenbasis::close);
        }
    }

    @Override
    public PassSums make(GradientProvider<?> model, MatrixBackend backend, List<LayerSpec> layers) throws IOException {
        if (bases.isEmpty()) {
            List<Optional<LayerEigenbasis>> none = layers.stream()
                    .map(layer -> Optional.<LayerEigenbasis>empty())
                    .toList();
            return new EigenvalueStage(backend, layers, none, Rotation.CHEAPEST);
        }
        Loans<Bases>.Loan loan = LOANS.borrow(key, true, () -> restored(backend, layers));
        TaskEnd.run(loan::close);
        return new EigenvalueStage(
                backend, layers, loan.thing().all().stream().map(Optional::of).toList(), Rotation.CHEAPEST);
    }

    private Bases restored(MatrixBackend backend, List<LayerSpec> layers) {
        List<LayerEigenbasis> restored = new ArrayList<>();
        try {
            for (int l = 0; l < layers.size(); l++) {
                Optional<LayerEigenbasis> source =
                        sources.get(l) == l ? Optional.empty() : Optional.of(restored.get(sources.get(l)));
                restored.add(KeptBasis.restore(
                        layers.get(l),
                        blocks,
                        source,
                        bases.get(l).value(),
                        matrix -> backend.copyOf(matrix, backend.precision())));
            }
            return new Bases(restored);
        } catch (RuntimeException | Error e) {
            restored.forEach(LayerEigenbasis::close);
            throw e;
        }
    }
}
