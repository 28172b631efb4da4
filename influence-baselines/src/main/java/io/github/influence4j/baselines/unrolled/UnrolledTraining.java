package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;

/**
 * The segments of a training run with their curvatures, ready to score.
 *
 * <p>Owns the curvatures, but not the models. Not for use by several threads.
 *
 * @param <E> the host's type of an example
 */
public final class UnrolledTraining<E> implements AutoCloseable {

    private final MatrixBackend backend;
    private final GradientProvider<E> trained;
    private final List<Segment<E>> segments;

    UnrolledTraining(MatrixBackend backend, GradientProvider<E> trained, List<Segment<E>> segments) {
        this.backend = backend;
        this.trained = trained;
        this.segments = List.copyOf(segments);
    }

    /** A segment with its curvature. */
    record Segment<E>(
            List<? extends GradientProvider<E>> models, double learningRateSum, EigenbasisCurvature curvature) {}

    /**
     * Returns the curvatures, for inspection.
     *
     * @return one for each segment, still owned by this object
     */
    public List<EigenbasisCurvature> curvatures() {
        return segments.stream().map(Segment::curvature).toList();
    }

    /**
     * Scores every training example for every query.
     *
     * @param queries the queries, measured on the trained model
     * @param train the training set
     * @param decay the weight decay of training by layer, which is added to the eigenvalues as a damping is; 0 for none
     * @param options what to compute; parts per layer and token are not kept
     * @param progress is told how far the work has come
     * @return scores, [queries, train]; positive where the training example lowers the query's loss, per unit of weight as
     *     everywhere: one more copy does 1/N of it
     * @throws IllegalArgumentException if a layer has no decay, a data set is empty, or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public InfluenceScores pairwise(
            ExampleSource<E> queries,
            ExampleSource<E> train,
            LayerDamping decay,
            ScoreOptions options,
            ProgressListener progress) {
        List<InfluenceScores> parts = new ArrayList<>();
        List<EigenbasisSolver> carries = new ArrayList<>();
        try {
            for (int s = segments.size() - 1; s >= 0; s--) {
                Segment<E> segment = segments.get(s);
                try (EigenbasisSolver response = response(segment, decay)) {
                    List<EigenbasisSolver> factors = new ArrayList<>(carries);
                    factors.add(response);
                    SegmentSolver solver = new SegmentSolver(factors, provenance(decay));
                    List<InfluenceScores> ofCheckpoints = new ArrayList<>();
                    for (GradientProvider<E> checkpoint : segment.models()) {
                        GradientProvider<E> model = new QueriesOfTrained<>(trained, checkpoint);
                        ofCheckpoints.add(new InfluenceScorer<>(backend, model, options, progress)
                                .pairwise(solver, queries, train));
                    }
                    parts.add(InfluenceScores.average(ofCheckpoints));
                }
                carries.add(carry(segment, decay));
            }
        } finally {
            carries.forEach(EigenbasisSolver::close);
        }
        return InfluenceScores.average(parts).times(parts.size());
    }

    /**
     * Scores every training example for every query, without weight decay.
     *
     * @param queries the queries, measured on the trained model
     * @param train the training set
     * @return scores, [queries, train]
     */
    public InfluenceScores pairwise(ExampleSource<E> queries, ExampleSource<E> train) {
        List<LayerSpec> layers = trained.layers();
        return pairwise(
                queries,
                train,
                LayerDamping.of(layers, layer -> 0),
                ScoreOptions.defaults(),
                ProgressListener.silent());
    }

    /** S̄ = e^{−ηKσ}. */
    private static <E> EigenbasisSolver carry(Segment<E> segment, LayerDamping decay) {
        double total = segment.learningRateSum();
        return segment.curvature().function(sigma -> Math.exp(-total * sigma), decay);
    }

    /** F_r = (1 − e^{−ηKσ})/σ, whose limit at 0 is ηK. */
    private static <E> EigenbasisSolver response(Segment<E> segment, LayerDamping decay) {
        double total = segment.learningRateSum();
        return segment.curvature().function(sigma -> sigma == 0 ? total : -Math.expm1(-total * sigma) / sigma, decay);
    }

    private Provenance provenance(LayerDamping decay) {
        Provenance fitted = segments.get(0).curvature().provenance();
        return new Provenance(
                        fitted.libraryVersion(),
                        fitted.runtime(),
                        fitted.backend(),
                        fitted.precision(),
                        trained.fingerprint(),
                        fitted.options(),
                        fitted.counts(),
                        fitted.durations())
                .withOption("strategy", "SOURCE on " + fitted.options().getOrDefault("strategy", ""))
                .withOption(
                        "learning rate sums",
                        segments.stream().map(Segment::learningRateSum).toList().toString())
                .withOption("weight decay", decay.lambdas().toString());
    }

    @Override
    public void close() {
        segments.forEach(segment -> segment.curvature().close());
    }
}
