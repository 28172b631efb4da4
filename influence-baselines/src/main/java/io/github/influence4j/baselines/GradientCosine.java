package io.github.influence4j.baselines;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.FittedEstimator;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.Scoring;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.ekfac.CurvatureScoring;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.internal.factor.SameModel;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The cosine of the angle between gradients as a score, ⟨∇m_q, ∇L_z⟩ / (‖∇m_q‖ ‖∇L_z‖).
 *
 * <p>Norms are over all tracked layers, so that parts per layer and per token still sum to the score. A gradient of norm 0
 * gives 0. Costs one more pass over the training set and the queries than {@link GradientDotProduct}; damping has no effect.
 * Immutable.
 */
public final class GradientCosine {

    private final MatrixBackend backend;
    private final ScoreOptions options;
    private final ProgressListener progress;

    private GradientCosine(MatrixBackend backend, ScoreOptions options, ProgressListener progress) {
        this.backend = backend;
        this.options = options;
        this.progress = progress;
    }

    /**
     * Computes with a given backend.
     *
     * @param backend computes; must stay open as long as what is fitted
     * @return the cosine
     */
    public static GradientCosine on(MatrixBackend backend) {
        return new GradientCosine(backend, ScoreOptions.defaults(), ProgressListener.silent());
    }

    /**
     * Changes what is computed: cosines by layer or token, batch sizes.
     *
     * @param value the options
     * @return the same otherwise
     */
    public GradientCosine with(ScoreOptions value) {
        return new GradientCosine(backend, value, progress);
    }

    /**
     * Tells a listener how far scores have come.
     *
     * @param value the listener
     * @return the same otherwise
     */
    public GradientCosine reporting(ProgressListener value) {
        return new GradientCosine(backend, options, value);
    }

    /**
     * Takes a model and a training set.
     *
     * @param <E> the host's type of an example
     * @param model the model; stays open while the result is in use
     * @param train the training set
     * @return the estimator, which the caller closes; scores are from −1 to 1
     * @throws IllegalArgumentException if the data set is empty
     */
    public <E> FittedEstimator<E> fit(GradientProvider<E> model, ExampleSource<E> train) {
        GradientDotProduct products = GradientDotProduct.on(backend).reporting(progress);
        FittedCurvature<E> losses = products.fit(model, train);
        try {
            return new Fitted<>(losses, products.fit(new MeasurementLoss<>(model), train), options);
        } catch (RuntimeException | Error e) {
            losses.close();
            throw e;
        }
    }

    /** Dot products of the model, and of the model whose training loss is its measurement, for the queries' norms. */
    private record Fitted<E>(FittedCurvature<E> losses, FittedCurvature<E> measurements, ScoreOptions options)
            implements FittedEstimator<E> {

        @Override
        public List<LayerSpec> layers() {
            return losses.layers();
        }

        @Override
        public LayerDamping resolve(Damping damping) {
            return losses.resolve(damping);
        }

        @Override
        public Scoring<E> damped(LayerDamping ignored) {
            LayerDamping none = LayerDamping.of(layers(), layer -> 0);
            return new CosineScoring<>(losses.damped(none).with(options), measurements.damped(none));
        }

        @Override
        public Provenance provenance() {
            return losses.provenance().withOption("strategy", "gradient cosine");
        }

        @Override
        public void close() {
            losses.close();
            measurements.close();
        }
    }

    private record CosineScoring<E>(CurvatureScoring<E> losses, CurvatureScoring<E> measurements)
            implements Scoring<E> {

        @Override
        public InfluenceScores pairwise(ExampleSource<E> queries, ExampleSource<E> train) {
            InfluenceScores products = losses.pairwise(queries, train);
            double[] trainFactors = reciprocalRoots(losses.selfInfluence(train).scores());
            double[] queryFactors =
                    reciprocalRoots(measurements.selfInfluence(queries).scores());
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

        @Override
        public SelfInfluence selfInfluence(ExampleSource<E> train) {
            throw new UnsupportedOperationException("the cosine of a gradient with itself is 1");
        }

        @Override
        public void close() {
            losses.close();
            measurements.close();
        }
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
    private static final class MeasurementLoss<E> extends SameModel<E> {

        MeasurementLoss(GradientProvider<E> model) {
            super(model);
        }

        @Override
        public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            Objective wanted = objective instanceof Objective.TrainingLoss ? new Objective.Measurement() : objective;
            super.capture(batch, wanted, layers, sink);
        }
    }
}
