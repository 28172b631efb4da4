package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.FittedEstimator;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.Scoring;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The segments of a training run with their curvatures, ready to score.
 *
 * <p>SOURCE has the damping of its training: the learning rates, and the weight decay that it was told. Any other is ignored.
 * Owns the curvatures, but not the models. Not for use by several threads.
 *
 * @param <E> the host's type of an example
 */
public final class UnrolledTraining<E> implements FittedEstimator<E> {

    private final MatrixBackend backend;
    private final List<LayerSpec> layers;
    private final GradientProvider<E> trained;
    private final List<Segment<E>> segments;
    private final LayerDamping decay;
    private final ProgressListener progress;

    UnrolledTraining(
            MatrixBackend backend,
            List<LayerSpec> layers,
            GradientProvider<E> trained,
            List<Segment<E>> segments,
            double weightDecay,
            ProgressListener progress) {
        this.backend = backend;
        this.layers = List.copyOf(layers);
        this.trained = trained;
        this.segments = List.copyOf(segments);
        this.decay = LayerDamping.of(trained.layers(), layer -> weightDecay);
        this.progress = progress;
    }

    /** A segment with its curvature; with a root P^(1/2) of its preconditioner, that of gradients times it. */
    record Segment<E>(
            List<? extends GradientProvider<E>> models,
            double learningRateSum,
            Optional<LayerGradients> root,
            EigenbasisCurvature curvature) {}

    /**
     * Returns the curvatures, for inspection.
     *
     * @return one for each segment, still owned by this object
     */
    public List<Curvature> curvatures() {
        return segments.stream().<Curvature>map(Segment::curvature).toList();
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    /** {@inheritDoc} A relative damping refers to the curvature of the last segment. */
    @Override
    public LayerDamping resolve(Damping damping) {
        return segments.get(segments.size() - 1).curvature().resolve(damping);
    }

    @Override
    public Scoring<E> damped(LayerDamping ignored) {
        return new UnrolledScoring();
    }

    private final class UnrolledScoring implements Scoring<E> {

        @Override
        public InfluenceScores pairwise(ExampleSource<E> queries, ExampleSource<E> train) {
            return UnrolledTraining.this.pairwise(queries, train);
        }

        @Override
        public SelfInfluence selfInfluence(ExampleSource<E> train) {
            throw new UnsupportedOperationException("SOURCE has no self-influence; use EK-FAC's");
        }

        @Override
        public OptionalDouble heldBytes(int queries) {
            return OptionalDouble.of(segments.stream()
                    .mapToDouble(segment -> segment.curvature().heldBytes())
                    .sum());
        }

        @Override
        public void close() {
            // what there is to close belongs to the fitted segments
        }
    }

    private InfluenceScores pairwise(ExampleSource<E> queries, ExampleSource<E> train) {
        List<InfluenceScores> parts = new ArrayList<>();
        List<SegmentSolver.Factor> carries = new ArrayList<>();
        try {
            for (int s = segments.size() - 1; s >= 0; s--) {
                Segment<E> segment = segments.get(s);
                try (EigenbasisSolver response = response(segment)) {
                    List<SegmentSolver.Factor> factors = new ArrayList<>(carries);
                    factors.add(new SegmentSolver.Factor(response, segment.root(), false));
                    SegmentSolver solver = new SegmentSolver(factors, provenance());
                    List<InfluenceScores> ofCheckpoints = new ArrayList<>();
                    for (GradientProvider<E> checkpoint : segment.models()) {
                        GradientProvider<E> model = new QueriesOfTrained<>(trained, checkpoint);
                        ofCheckpoints.add(new InfluenceScorer<>(backend, model, ScoreOptions.defaults(), progress)
                                .pairwise(solver, queries, train));
                    }
                    parts.add(InfluenceScores.average(ofCheckpoints));
                }
                carries.add(new SegmentSolver.Factor(carry(segment), segment.root(), true));
            }
        } finally {
            carries.forEach(factor -> factor.solver().close());
        }
        return InfluenceScores.average(parts).times(parts.size());
    }

    /** S̄ = e^{−ηKσ}. */
    private EigenbasisSolver carry(Segment<E> segment) {
        double total = segment.learningRateSum();
        return segment.curvature().function(sigma -> Math.exp(-total * sigma), decay);
    }

    /** F_r = (1 − e^{−ηKσ})/σ, whose limit at 0 is ηK. */
    private EigenbasisSolver response(Segment<E> segment) {
        double total = segment.learningRateSum();
        return segment.curvature().function(sigma -> sigma == 0 ? total : -Math.expm1(-total * sigma) / sigma, decay);
    }

    @Override
    public Provenance provenance() {
        Provenance fitted = segments.get(0).curvature().provenance();
        return fitted.withModel(trained.fingerprint())
                .withOption("strategy", "SOURCE on " + fitted.options().getOrDefault("strategy", ""))
                .withOption(
                        "learning rate sums",
                        segments.stream().map(Segment::learningRateSum).toList().toString())
                .withOption(
                        "preconditioned", String.valueOf(segments.get(0).root().isPresent()))
                .withOption("weight decay", decay.lambdas().toString());
    }

    @Override
    public void close() {
        segments.forEach(segment -> segment.curvature().close());
    }
}
