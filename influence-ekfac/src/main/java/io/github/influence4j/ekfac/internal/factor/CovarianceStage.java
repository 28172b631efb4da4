package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The first pass over the data: the two matrices of every layer whose eigenvectors become its basis, as a rule the
 * covariances of activations and output gradients with positions treated as if they were independent examples (paper, Eq.
 * 16 and 26).
 */
public final class CovarianceStage implements PassSums {

    /** What the pass is called in progress and errors. */
    public static final String NAME = "covariances";

    /** Most numbers of whole gradients that are held at a time. */
    private static final long MOST_NUMBERS = 1L << 24;

    private final List<OuterProductSums> sums = new ArrayList<>();
    private final int[] sources;
    private final SharedInputsCheck check;
    private final Scratch memory;
    private final Scratch widened;

    /**
     * Makes sums of 0.
     *
     * @param backend where they lie
     * @param layers the layers of the passes
     * @param options what is summed
     */
    public CovarianceStage(MatrixBackend backend, List<LayerSpec> layers, Options options) {
        this.memory = new Scratch(backend);
        this.widened = new Scratch(backend, Precision.FLOAT64);
        this.sources = options.shared().sources(layers);
        this.check = new SharedInputsCheck(sources);
        try {
            for (int l = 0; l < layers.size(); l++) {
                LayerSpec layer = layers.get(l);
                boolean ownInput = sources[l] == l;
                sums.add(
                        switch (options.basis()) {
                            case POSITIONS -> new CovarianceAccumulator(backend, layer, options, ownInput, widened);
                            case GRADIENTS ->
                                new GradientCovarianceAccumulator(backend, layer, options, memory, widened);
                        });
            }
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

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
     * What is summed.
     *
     * @param weight w, by which {@link FisherObjectives} are divided
     * @param blocks O, diagonal blocks that each covariance is cut into; 1 for none
     * @param basis what the outer products are of
     * @param shared layers that read the same input, whose A is the same; none for {@link Basis#GRADIENTS}
     * @param float64 whether products of a float32 backend are float64, not those of narrow blocks only
     */
    public record Options(int weight, int blocks, Basis basis, SharedInputs shared, boolean float64) {}

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
     * Computes A = E[āāᵀ] and S = E[ggᵀ] of every layer, unsplit, in one pass.
     *
     * @param <E> the host's type of an example
     * @param backend where the covariances lie
     * @param pass runs the model
     * @param data the training set
     * @param batchSize examples per batch
     * @param fisher what to capture
     * @param progress is told after each batch
     * @return one covariance for each layer, which the caller closes
     * @throws io.github.influence4j.api.NumericalException if a capture is not finite
     */
    public static <E> List<LayerCovariance> fit(
            MatrixBackend backend,
            CapturePass<E> pass,
            ExampleSource<E> data,
            int batchSize,
            FisherObjectives fisher,
            ProgressListener progress) {
        try (CovarianceStage stage = new CovarianceStage(
                backend, pass.layers(), new Options(fisher.weight(), 1, Basis.POSITIONS, SharedInputs.none(), false))) {
            pass.run(data, batchSize, fisher.objectives(), NAME, progress, stage);
            return stage.release();
        }
    }

    @Override
    public void accept(CapturePass.Step step, UploadedCapture capture) {
        check.check(capture);
        sums.get(capture.layerIndex()).add(capture, step.objective());
    }

    @Override
    public void finishBatch() {
        check.finishBatch();
    }

    @Override
    public Map<String, Matrix> settle() {
        Map<String, Matrix> kept = new LinkedHashMap<>();
        sums.forEach(sum -> sum.settle(kept));
        return kept;
    }

    @Override
    public void restore(Function<String, Matrix> kept) {
        sums.forEach(sum -> sum.restore(kept));
    }

    /**
     * Hands over A = E[āāᵀ] and S = E[ggᵀ] of every layer, as means over real positions; or A = E[GᵀG] and S = E[GGᵀ], as means
     * over examples.
     *
     * @return one covariance for each layer, which the caller closes; 0 where every position was masked
     * @throws IllegalArgumentException if layers that are said to read the same input had other numbers of real positions
     */
    public List<LayerCovariance> release() {
        requireEqualPositions();
        List<LayerCovariance> covariances = new ArrayList<>();
        try {
            for (OuterProductSums sum : sums) {
                covariances.add(sum.release());
            }
            return covariances;
        } catch (RuntimeException | Error e) {
            covariances.forEach(LayerCovariance::close);
            throw e;
        }
    }

    /** The first batch was compared number by number, the others by what A is divided by. */
    private void requireEqualPositions() {
        for (int l = 0; l < sources.length; l++) {
            OuterProductSums sum = sums.get(l);
            OuterProductSums source = sums.get(sources[l]);
            if (sum.positions() != source.positions()) {
                throw new IllegalArgumentException("layer " + sum.layer().name()
                        + ": the model says that it reads the input of layer "
                        + source.layer().name() + ", which has " + source.positions() + " real positions, but it has "
                        + sum.positions() + "; leave it out of"
                        + " sharedInputs(), in files out of input_of");
            }
        }
    }

    @Override
    public void close() {
        sums.forEach(OuterProductSums::close);
        memory.close();
        widened.close();
    }
}
