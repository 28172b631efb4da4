package io.github.influence4j.api;

/**
 * A way to approximate the curvature of a model over a data set.
 *
 * @param <E> the host's type of an example
 * @param <P> what the model must be able to do; a host that lacks it does not compile
 */
@FunctionalInterface
public interface CurvatureApproximator<E, P extends GradientProvider<E>> {

    /**
     * Fits the curvature. Long work: it can be cancelled by interrupting the thread.
     *
     * @param model the model, at the weights whose behaviour is to be explained
     * @param data the training set
     * @param progress is told how far the work has come
     * @return the fitted curvature, which the caller closes
     * @throws IllegalArgumentException if the data set is empty, a layer is missing from a batch, or shapes do not fit
     * @throws NumericalException if a capture holds a NaN or infinite number, or a decomposition fails
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    Curvature fit(P model, ExampleSource<E> data, ProgressListener progress);

    /**
     * Fits the curvature without reporting progress.
     *
     * @param model the model
     * @param data the training set
     * @return the fitted curvature, which the caller closes
     */
    default Curvature fit(P model, ExampleSource<E> data) {
        return fit(model, data, ProgressListener.silent());
    }
}
