package io.github.influence4j.ekfac;

import io.github.influence4j.api.CurvatureApproximator;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.Optional;

/**
 * EK-FAC influence, ready to be fitted to a model.
 *
 * <pre>{@code
 * try (FittedCurvature<Example> ekfac = Ekfac.inFloat32().fit(model, train)) {
 *     InfluenceScores scores = ekfac.damped(Damping.DEFAULT).pairwise(queries, train);
 *     SelfInfluence self = ekfac.damped(Damping.DEFAULT).selfInfluence(train);
 * }
 * }</pre>
 *
 * <p>EK-FAC takes two passes over the data (covariances, then eigenvalues in their eigenbasis) and one eigendecomposition of
 * each covariance in between. Per layer and example with t positions the passes cost t(i² + o²) and 2t(i² + o²) + 2t·i·o flops
 * beside the model's own, the decompositions about 9(i³ + o³). Memory is that of the factors, i² + o² + i·o numbers a layer,
 * and one batch of one layer; layers are fitted in groups where the factors of all do not fit. K-FAC saves the second pass, the
 * diagonal the first, the identity both: choose with {@link #with(Strategy)}.
 *
 * <p>Immutable; may be used for any number of fits. Source: Grosse et al. 2023, section 2.3 and Eq. 14-21 and 26.
 */
public final class Ekfac {

    private final Optional<MatrixBackend> backend;
    private final Precision precision;
    private final FitOptions options;
    private final ProgressListener progress;

    private Ekfac(Optional<MatrixBackend> backend, Precision precision, FitOptions options, ProgressListener progress) {
        this.backend = backend;
        this.precision = precision;
        this.options = options;
        this.progress = progress;
    }

    /**
     * Computes with a given backend.
     *
     * @param backend computes and holds the factors; must stay open as long as what is fitted
     * @return EK-FAC with the default options
     */
    public static Ekfac on(MatrixBackend backend) {
        return new Ekfac(Optional.of(backend), backend.precision(), FitOptions.defaults(), ProgressListener.silent());
    }

    /**
     * Computes in float32 with the backend that {@link MatrixBackends#select} finds; what is fitted owns it.
     *
     * @return EK-FAC with the default options
     */
    public static Ekfac inFloat32() {
        return in(Precision.FLOAT32);
    }

    /**
     * Computes in float64 with the backend that {@link MatrixBackends#select} finds; what is fitted owns it. It needs no native
     * library, but is many times slower without one.
     *
     * @return EK-FAC with the default options
     */
    public static Ekfac inFloat64() {
        return in(Precision.FLOAT64);
    }

    private static Ekfac in(Precision precision) {
        return new Ekfac(Optional.empty(), precision, FitOptions.defaults(), ProgressListener.silent());
    }

    /**
     * Changes how the curvature is fitted.
     *
     * @param value strategy, labels, batch size and so on
     * @return EK-FAC with these options
     */
    public Ekfac with(FitOptions value) {
        return new Ekfac(backend, precision, value, progress);
    }

    /**
     * Changes which approximation is fitted, K-FAC for instance.
     *
     * @param value the strategy
     * @return the same otherwise
     */
    public Ekfac with(Strategy value) {
        return with(options.withStrategy(value));
    }

    /**
     * Tells a listener how far fits and scores have come.
     *
     * @param value the listener
     * @return the same otherwise
     */
    public Ekfac reporting(ProgressListener value) {
        return new Ekfac(backend, precision, options, value);
    }

    /**
     * Fits the curvature. Long work: it can be cancelled by interrupting the thread.
     *
     * @param <E> the host's type of an example
     * @param model the model, at the weights whose behaviour is to be explained; stays open while the result is in use
     * @param train the training set
     * @return the fitted curvature, which the caller closes
     * @throws IllegalArgumentException if the data set is empty, a layer is missing from a batch, or shapes do not fit
     * @throws IllegalStateException if no backend can start
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number, or a decomposition
     *     fails
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public <E> FittedCurvature<E> fit(GradientProvider<E> model, ExampleSource<E> train) {
        return fit(used -> EigenbasisApproximator.of(used, options), model, train);
    }

    /**
     * Fits the curvature to the exact Gauss-Newton matrix instead of sampled labels: every batch is captured once for each
     * column of the output Hessian's root. The labels of the options are ignored.
     *
     * @param <E> the host's type of an example
     * @param model a model that offers the roots; stays open while the result is in use
     * @param train the training set
     * @return the fitted curvature, which the caller closes
     * @throws IllegalArgumentException if the data set is empty, a layer is missing from a batch, or shapes do not fit
     * @throws IllegalStateException if no backend can start
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number, or a decomposition
     *     fails
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public <E> FittedCurvature<E> fitExactly(OutputHessianRoots<E> model, ExampleSource<E> train) {
        return fit(used -> EigenbasisApproximator.exactFisher(used, options), model, train);
    }

    private interface Method<E, P extends GradientProvider<E>> {
        CurvatureApproximator<E, P> on(MatrixBackend used);
    }

    private <E, P extends GradientProvider<E>> FittedCurvature<E> fit(
            Method<E, P> method, P model, ExampleSource<E> train) {
        if (backend.isPresent()) {
            return FittedCurvature.fit(backend.get(), method.on(backend.get()), model, train, progress);
        }
        MatrixBackend own = MatrixBackends.select(precision);
        try {
            return FittedCurvature.fit(own, method.on(own), model, train, progress)
                    .owningBackend();
        } catch (RuntimeException | Error e) {
            own.close();
            throw e;
        }
    }
}
