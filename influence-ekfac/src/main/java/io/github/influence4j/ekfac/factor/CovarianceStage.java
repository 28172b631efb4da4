package io.github.influence4j.ekfac.factor;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The first pass over the data: activation and gradient covariances of every layer, positions treated as if they were
 * independent examples (paper, Eq. 16 and 26).
 */
public final class CovarianceStage {

    private CovarianceStage() {}

    /**
     * How covariances are computed.
     *
     * @param batchSize examples per batch
     * @param fisher what to capture
     * @param blocks O, diagonal blocks that each covariance is cut into; 1 for none
     */
    public record Options(int batchSize, FisherObjectives fisher, int blocks) {}

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
        return fit(backend, pass, data, new Options(batchSize, fisher, 1), progress);
    }

    /**
     * Computes A = E[āāᵀ] and S = E[ggᵀ] of every layer, as means over real positions.
     *
     * @param <E> the host's type of an example
     * @param backend where the covariances lie
     * @param pass runs the model
     * @param data the training set
     * @param options batch size, objectives and blocks
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
        return fit(backend, pass, data, options, progress, CovarianceAccumulator::release);
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
     * @throws io.github.influence4j.api.NumericalException if a capture is not finite
     */
    public static <E> List<LayerCovariance> fitPart(
            MatrixBackend backend,
            CapturePass<E> pass,
            ExampleSource<E> part,
            Options options,
            ProgressListener progress) {
        return fit(backend, pass, part, options, progress, CovarianceAccumulator::releasePart);
    }

    private static <E> List<LayerCovariance> fit(
            MatrixBackend backend,
            CapturePass<E> pass,
            ExampleSource<E> data,
            Options options,
            ProgressListener progress,
            Function<CovarianceAccumulator, LayerCovariance> release) {
        List<CovarianceAccumulator> sums = new ArrayList<>();
        List<LayerCovariance> covariances = new ArrayList<>();
        try {
            for (LayerSpec layer : pass.layers()) {
                sums.add(new CovarianceAccumulator(
                        backend, layer, options.fisher().weight(), options.blocks()));
            }
            pass.run(
                    data,
                    options.batchSize(),
                    options.fisher().objectives(),
                    "covariances",
                    progress,
                    (step, capture) -> sums.get(capture.layerIndex()).add(capture, step.objective()));
            for (CovarianceAccumulator sum : sums) {
                covariances.add(release.apply(sum));
            }
            return covariances;
        } catch (RuntimeException | Error e) {
            covariances.forEach(LayerCovariance::close);
            throw e;
        } finally {
            sums.forEach(CovarianceAccumulator::close);
        }
    }
}
