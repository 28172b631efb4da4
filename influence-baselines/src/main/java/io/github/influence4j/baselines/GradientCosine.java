package io.github.influence4j.baselines;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The cosine of the angle between gradients as a score, ⟨∇m_q, ∇L_z⟩ / (‖∇m_q‖ ‖∇L_z‖).
 *
 * <p>Norms are over all tracked layers, so that parts per layer and per token still sum to the score. A gradient of norm 0
 * gives 0. Costs one more pass over the training set and the queries than {@link GradientDotProduct}.
 *
 * @param <E> the host's type of an example
 */
public final class GradientCosine<E> {

    private final GradientDotProduct<E> dotProduct;

    /**
     * Prepares scoring.
     *
     * @param backend computes
     * @param options what to compute
     * @param progress is told how far the work has come
     */
    public GradientCosine(MatrixBackend backend, ScoreOptions options, ProgressListener progress) {
        this.dotProduct = new GradientDotProduct<>(backend, options, progress);
    }

    /**
     * Prepares scoring with the defaults.
     *
     * @param backend computes
     */
    public GradientCosine(MatrixBackend backend) {
        this(backend, ScoreOptions.defaults(), ProgressListener.silent());
    }

    /**
     * Scores every training example for every query.
     *
     * @param model the model
     * @param queries the queries; their gradients are those of the measurement
     * @param train the training set
     * @return scores from −1 to 1, [queries, train]
     * @throws IllegalArgumentException if a data set is empty or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public InfluenceScores pairwise(GradientProvider<E> model, ExampleSource<E> queries, ExampleSource<E> train) {
        InfluenceScores products = dotProduct.pairwise(model, queries, train);
        double[] trainFactors =
                reciprocalRoots(dotProduct.squaredNorms(model, train).scores());
        double[] queryFactors = reciprocalRoots(
                dotProduct.squaredNorms(new MeasurementLoss<>(model), queries).scores());
        Map<String, double[][]> perLayer = new LinkedHashMap<>();
        for (String layer : products.layers()) {
            perLayer.put(layer, scaled(products.layer(layer), queryFactors, trainFactors));
        }
        return new InfluenceScores(
                products.queryIds(),
                products.trainIds(),
                scaled(products.matrix(), queryFactors, trainFactors),
                perLayer,
                products.hasTokens() ? scaledTokens(products, queryFactors, trainFactors) : new double[0][][],
                products.provenance().withOption("strategy", "gradient cosine"));
    }

    private static double[] reciprocalRoots(double[] squares) {
        return Arrays.stream(squares).map(s -> s > 0 ? 1 / Math.sqrt(s) : 0).toArray();
    }

    private static double[][] scaled(Matrix products, double[] rowFactors, double[] columnFactors) {
        double[][] scaled = products.toArray();
        for (int q = 0; q < scaled.length; q++) {
            for (int z = 0; z < scaled[q].length; z++) {
                scaled[q][z] *= rowFactors[q] * columnFactors[z];
            }
        }
        return scaled;
    }

    private static double[][][] scaledTokens(InfluenceScores products, double[] rowFactors, double[] columnFactors) {
        double[][][] scaled = new double[rowFactors.length][columnFactors.length][];
        for (int q = 0; q < rowFactors.length; q++) {
            for (int z = 0; z < columnFactors.length; z++) {
                double factor = rowFactors[q] * columnFactors[z];
                scaled[q][z] = Arrays.stream(products.tokens(q, z))
                        .map(part -> part * factor)
                        .toArray();
            }
        }
        return scaled;
    }

    /** A model whose training loss is the measurement of another. */
    private record MeasurementLoss<E>(GradientProvider<E> model) implements GradientProvider<E> {
        @Override
        public List<LayerSpec> layers() {
            return model.layers();
        }

        @Override
        public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            Objective wanted = objective instanceof Objective.TrainingLoss ? new Objective.Measurement() : objective;
            model.capture(batch, wanted, layers, sink);
        }

        @Override
        public Optional<String> fingerprint() {
            return model.fingerprint();
        }
    }
}
