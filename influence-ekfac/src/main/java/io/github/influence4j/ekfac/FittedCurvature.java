package io.github.influence4j.ekfac;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.CurvatureApproximator;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.FittedEstimator;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A curvature fitted to a model: EK-FAC, or any other that gives an {@link IhvpSolver}.
 *
 * <p>Owns the curvature and the solvers made from it; closing it closes them. Safe for use by several threads where the model
 * is.
 *
 * @param <E> the host's type of an example
 */
public final class FittedCurvature<E> implements FittedEstimator<E> {

    private final MatrixBackend backend;
    private final GradientProvider<E> model;
    private final Curvature curvature;
    private final ProgressListener progress;
    private final boolean ownsBackend;
    private final Map<LayerDamping, IhvpSolver> solvers = new LinkedHashMap<>();
    private boolean closed;

    private FittedCurvature(
            MatrixBackend backend,
            GradientProvider<E> model,
            Curvature curvature,
            ProgressListener progress,
            boolean ownsBackend) {
        this.backend = backend;
        this.model = model;
        this.curvature = curvature;
        this.progress = progress;
        this.ownsBackend = ownsBackend;
    }

    /**
     * Fits any curvature, one of your own for instance.
     *
     * @param <E> the host's type of an example
     * @param <P> what the model must be able to do
     * @param backend computes the scores; must stay open as long as the result
     * @param approximator fits the curvature
     * @param model the model; stays open while the result is in use
     * @param train the training set
     * @param progress is told how far the fit and the scores have come
     * @return the fitted curvature, which the caller closes
     * @throws IllegalArgumentException if the data set is empty, a layer is missing from a batch, or shapes do not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public static <E, P extends GradientProvider<E>> FittedCurvature<E> fit(
            MatrixBackend backend,
            CurvatureApproximator<E, P> approximator,
            P model,
            ExampleSource<E> train,
            ProgressListener progress) {
        return of(backend, model, approximator.fit(model, train, progress), progress);
    }

    /**
     * Joins a curvature that was fitted before, or read from files, with the model it is of.
     *
     * @param <E> the host's type of an example
     * @param backend computes the scores; must stay open as long as the result
     * @param model the model at the same weights as when the curvature was fitted; stays open while the result is in use
     * @param curvature a curvature of the model's layers; owned by the result
     * @param progress is told how far the scores have come
     * @return the fitted curvature, which the caller closes
     */
    public static <E> FittedCurvature<E> of(
            MatrixBackend backend, GradientProvider<E> model, Curvature curvature, ProgressListener progress) {
        return new FittedCurvature<>(backend, model, curvature, progress, false);
    }

    FittedCurvature<E> owningBackend() {
        return new FittedCurvature<>(backend, model, curvature, progress, true);
    }

    @Override
    public List<LayerSpec> layers() {
        return curvature.layers();
    }

    /**
     * Returns the curvature, to precondition another solver or to keep it in files.
     *
     * @return the curvature, still owned by this object
     */
    public Curvature curvature() {
        return curvature;
    }

    @Override
    public LayerDamping resolve(Damping damping) {
        return curvature.resolve(damping);
    }

    @Override
    public CurvatureScoring<E> damped(LayerDamping damping) {
        return new CurvatureScoring<>(this, backend, model, solver(damping), progress);
    }

    @Override
    public CurvatureScoring<E> damped(Damping damping) {
        return damped(resolve(damping));
    }

    private synchronized IhvpSolver solver(LayerDamping damping) {
        if (closed) {
            throw new IllegalStateException("the fitted curvature is closed; score before it is");
        }
        // not computeIfAbsent: making a solver may take minutes and throw
        IhvpSolver made = solvers.get(damping);
        if (made == null) {
            made = curvature.solver(damping);
            solvers.put(damping, made);
        }
        return made;
    }

    synchronized void close(IhvpSolver solver) {
        if (solvers.values().remove(solver)) {
            solver.close();
        }
    }

    @Override
    public Provenance provenance() {
        return curvature.provenance();
    }

    @Override
    public String toString() {
        Provenance made = curvature.provenance();
        return made.options().getOrDefault("strategy", "curvature") + " of "
                + curvature.layers().size() + " layers on " + made.backend();
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        solvers.values().forEach(IhvpSolver::close);
        solvers.clear();
        curvature.close();
        if (ownsBackend) {
            backend.close();
        }
    }
}
