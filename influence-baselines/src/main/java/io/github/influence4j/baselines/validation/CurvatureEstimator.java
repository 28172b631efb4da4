package io.github.influence4j.baselines.validation;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.CurvatureApproximator;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.exact.ExactCurvature;
import io.github.influence4j.baselines.iterative.IterativeSolver;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * An estimator that inverts a curvature. The curvature is fitted at the first estimate and kept for the others; its time is
 * reported with each of them.
 *
 * @param <E> the host's type of an example
 * @param <M> the host's type of a model
 */
public final class CurvatureEstimator<E, M extends GradientProvider<E>> implements Estimator {

    private static final double NANOS_PER_MILLI = 1e6;

    private final String name;
    private final MatrixBackend backend;
    private final CurvatureApproximator<E, ? super M> approximator;
    private final M model;
    private final ExampleSource<E> train;
    private final ExampleSource<E> queries;
    private @Nullable Curvature curvature;
    private double curvatureMillis;

    /**
     * Prepares an estimator.
     *
     * @param name reported
     * @param backend computes
     * @param approximator fits the curvature
     * @param model the model; stays open as long as this is in use
     * @param train the training set
     * @param queries the queries
     */
    public CurvatureEstimator(
            String name,
            MatrixBackend backend,
            CurvatureApproximator<E, ? super M> approximator,
            M model,
            ExampleSource<E> train,
            ExampleSource<E> queries) {
        this.name = name;
        this.backend = backend;
        this.approximator = approximator;
        this.model = model;
        this.train = train;
        this.queries = queries;
    }

    @Override
    public String name() {
        return name;
    }

    /**
     * Returns the curvature, fitting it where that has not been done.
     *
     * @return the curvature, still owned by this object
     */
    public Curvature fitted() {
        Curvature fitted = curvature;
        if (fitted == null) {
            long start = System.nanoTime();
            fitted = approximator.fit(model, train, ProgressListener.silent());
            curvature = fitted;
            curvatureMillis = millisSince(start);
        }
        return fitted;
    }

    @Override
    public Estimate estimate(LayerDamping damping) {
        Curvature fitted = fitted();
        long start = System.nanoTime();
        try (IhvpSolver solver = fitted.solver(damping)) {
            double fitMillis = curvatureMillis + millisSince(start);
            start = System.nanoTime();
            InfluenceScores scores = new InfluenceScorer<>(backend, model).pairwise(solver, queries, train);
            double queryMillis = millisSince(start);
            OptionalDouble flops = solver instanceof IterativeSolver iterative
                    ? OptionalDouble.of(iterative.report().flops())
                    : OptionalDouble.empty();
            return new Estimate(scores, fitMillis, queryMillis, heldBytes(fitted, solver), flops);
        }
    }

    /** All queries are solved for together. */
    private double heldBytes(Curvature fitted, IhvpSolver solver) {
        if (solver instanceof IterativeSolver iterative) {
            return iterative.heldBytes(Math.toIntExact(queries.size()));
        }
        if (fitted instanceof ExactCurvature exact) {
            return exact.heldBytes();
        }
        return fitted instanceof EigenbasisCurvature eigenbasis ? eigenbasis.heldBytes() : Double.NaN;
    }

    private static double millisSince(long start) {
        return (System.nanoTime() - start) / NANOS_PER_MILLI;
    }

    @Override
    public void close() {
        if (curvature != null) {
            curvature.close();
        }
    }
}
