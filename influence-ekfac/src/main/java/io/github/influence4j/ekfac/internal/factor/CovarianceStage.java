package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The first pass over the data: the two matrices of every layer whose eigenvectors become its basis, as a rule the
 * covariances of activations and output gradients with positions treated as if they were independent examples (paper, Eq.
 * 16 and 26).
 */
public final class CovarianceStage {

    /** Most numbers of whole gradients that are held at a time. */
    private static final long MOST_NUMBERS = 1L << 24;

    private CovarianceStage() {}

    /**
     * Says how many whole gradients of a batch {@link Basis#GRADIENTS} forms at a time, so that memory stays bounded.
     *
     * @param layer the layer
     * @param examples examples of a batch
     * @return at least 1, at most {@code examples}
     */
    public static int gradientsAtOnce(LayerSpec layer, int examples) {
        return (int) Math.max(1, Math.min(examples, MOST_NUMBERS / layer.parameters()));
    }

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
        GRADIENTS;

        /**
         * Returns the basis of a strategy.
         *
         * @param strategy which approximation is fitted
         * @return gradients for the gradient basis, vectors at positions for the others
         */
        public static Basis of(Strategy strategy) {
            return strategy == Strategy.GRADIENT_BASIS ? GRADIENTS : POSITIONS;
        }
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
        return fit(backend, pass, data, options, progress, OuterProductSums::release);
    }

    /**
     * Computes the covariances of a part of a training set, to be added to those of other parts, weighted by their positions.
     *
     * @param <E> the host's type of an example
     * @param backend where the covariances lie
     * @param pass runs the model
     * @param part some of the training set
     * @param options batch size, objectives and blocks
     * @param progress is told after each batch
     * @return one covariance for each layer, which the caller closes; 0 where every position of the part is masked
     * @throws IllegalArgumentException if the basis is not of positions
     * @throws io.github.influence4j.api.NumericalException if a capture is not finite
     */
    public static <E> List<LayerCovariance> fitPart(
            MatrixBackend backend,
            CapturePass<E> pass,
            ExampleSource<E> part,
            Options options,
            ProgressListener progress) {
        if (options.basis() != Basis.POSITIONS) {
            throw new IllegalArgumentException(
                    "only means over positions can be fitted in parts, found " + options.basis());
        }
        return fit(backend, pass, part, options, progress, OuterProductSums::releasePart);
    }

    private static <E> List<LayerCovariance> fit(
            MatrixBackend backend,
            CapturePass<E> pass,
            ExampleSource<E> data,
            Options options,
            ProgressListener progress,
            Function<OuterProductSums, LayerCovariance> release) {
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
                covariances.add(release.apply(sum));
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
