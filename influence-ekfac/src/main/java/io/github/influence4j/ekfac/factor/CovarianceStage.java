package io.github.influence4j.ekfac.factor;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;

/**
 * The first pass over the data: the two matrices of every layer whose eigenvectors become its basis, as a rule the
 * covariances of activations and output gradients with positions treated as if they were independent examples (paper, Eq.
 * 16 and 26).
 */
public final class CovarianceStage {

    private CovarianceStage() {}

    /**
     * How covariances are computed.
     *
     * @param batchSize examples per batch
     * @param fisher what to capture
     * @param blocks O, diagonal blocks that each covariance is cut into; 1 for none
     * @param basis what the outer products are of
     */
    public record Options(int batchSize, FisherObjectives fisher, int blocks, Basis basis) {}

    /** What the outer products are of. */
    public enum Basis {
        /** The vectors at each position, āāᵀ and ggᵀ, as if positions were independent examples (paper, Eq. 26). */
        POSITIONS,
        /** The gradients of whole examples, G_zᵀG_z and G_zG_zᵀ, summed over positions first (Gupta et al. 2018). */
        GRADIENTS
    }

    /**
     * Computes A = E[āāᵀ] and S = E[ggᵀ] of every layer, unsplit.
     *
     * @param <E> the host's type of an example
     * @param backend where the covariances lie
     * @param pass runs the model
     * @param data the training set
     * @param batchSize examples per batch
     * @param fisher what to capture
     * @param progress is told after each batch
     * @return one covariance for each layer, which the caller closes
     * @throws io.github.influence4j.api.NumericalException if a capture is not finite or a layer has only masked positions
     */
    public static <E> List<LayerCovariance> fit(
            MatrixBackend backend,
            CapturePass<E> pass,
            ExampleSource<E> data,
            int batchSize,
            FisherObjectives fisher,
            ProgressListener progress) {
        return fit(backend, pass, data, new Options(batchSize, fisher, 1, Basis.POSITIONS), progress);
    }

    /**
     * Computes A = E[āāᵀ] and S = E[ggᵀ] of every layer, as means over real positions; or A = E[GᵀG] and S = E[GGᵀ], as means
     * over examples.
     *
     * @param <E> the host's type of an example
     * @param backend where the covariances lie
     * @param pass runs the model
     * @param data the training set
     * @param options batch size, objectives, blocks, and what to sum
     * @param progress is told after each batch
     * @return one covariance for each layer, which the caller closes
     * @throws io.github.influence4j.api.NumericalException if a capture is not finite or a layer has only masked positions
     */
    public static <E> List<LayerCovariance> fit(
            MatrixBackend backend,
            CapturePass<E> pass,
            ExampleSource<E> data,
            Options options,
            ProgressListener progress) {
        List<OuterProductSums> sums = new ArrayList<>();
        List<LayerCovariance> covariances = new ArrayList<>();
        try (Scratch memory = new Scratch(backend)) {
            int weight = options.fisher().weight();
            for (LayerSpec layer : pass.layers()) {
                sums.add(
                        switch (options.basis()) {
                            case POSITIONS -> new CovarianceAccumulator(backend, layer, weight, options.blocks());
                            case GRADIENTS ->
                                new GradientCovarianceAccumulator(backend, layer, weight, options.blocks(), memory);
                        });
            }
            pass.run(
                    data,
                    options.batchSize(),
                    options.fisher().objectives(),
                    "covariances",
                    progress,
                    (step, capture) -> sums.get(capture.layerIndex()).add(capture, step.objective()));
            for (OuterProductSums sum : sums) {
                covariances.add(sum.release());
            }
            return covariances;
        } catch (RuntimeException | Error e) {
            covariances.forEach(LayerCovariance::close);
            throw e;
        } finally {
            sums.forEach(OuterProductSums::close);
        }
    }
}
