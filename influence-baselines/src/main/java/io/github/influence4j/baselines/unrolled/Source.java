package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;

/**
 * SOURCE, approximate unrolled differentiation: training is cut into segments with constant gradient and curvature, through
 * which the effect of a training example is followed in closed form.
 *
 * <p>With ηK the summed learning rate of a segment and H̄ its curvature (EK-FAC, averaged over the segment's checkpoints), a
 * segment carries what came before it by S̄ = exp(−ηK H̄) and adds r̄ = (I − S̄)H̄⁻¹ḡ, ḡ the mean of the example's gradients.
 * The score is ∇mᵀ Σ_ℓ S̄_L … S̄_{ℓ+1} r̄_ℓ. One segment is close to EK-FAC with λ = 1/(ηK).
 *
 * <p>Fitting costs an EK-FAC fit for each checkpoint but for the decompositions, which are one a segment; scoring a pass over
 * the training set for each checkpoint. Memory is that of one EK-FAC curvature for each segment.
 *
 * <p>Source: Bae et al. 2024, arXiv 2405.12186. Immutable; may be used for any number of fits.
 */
public final class Source {

    private final MatrixBackend backend;
    private final FitOptions options;
    private final double weightDecay;
    private final ProgressListener progress;

    private Source(MatrixBackend backend, FitOptions options, double weightDecay, ProgressListener progress) {
        this.backend = backend;
        this.options = options;
        this.weightDecay = weightDecay;
        this.progress = progress;
    }

    /**
     * Prepares fits with EK-FAC for the curvature and no weight decay.
     *
     * @param backend computes; must stay open as long as what is fitted
     * @return SOURCE
     */
    public static Source on(MatrixBackend backend) {
        return new Source(backend, FitOptions.defaults(), 0, ProgressListener.silent());
    }

    /**
     * Changes how the curvature of a segment is fitted.
     *
     * @param value any strategy but the identity
     * @return the same otherwise
     */
    public Source with(FitOptions value) {
        return new Source(backend, value, weightDecay, progress);
    }

    /**
     * Says what the weight decay of the training was, which is added to the eigenvalues as a damping is.
     *
     * @param value the coefficient of ½‖θ‖² in the training objective, at least 0
     * @return the same otherwise
     * @throws IllegalArgumentException if it is negative, NaN or infinite
     */
    public Source withWeightDecay(double value) {
        return new Source(backend, options, Damping.absolute(value).value(), progress);
    }

    /**
     * Tells a listener how far fits and scores have come.
     *
     * @param value the listener
     * @return the same otherwise
     */
    public Source reporting(ProgressListener value) {
        return new Source(backend, options, weightDecay, value);
    }

    /**
     * Fits the curvature of every segment.
     *
     * @param <E> the host's type of an example
     * @param checkpoints the training run; its models stay open while the result is in use
     * @param data the training set
     * @return the fitted segments, which the caller closes
     * @throws IllegalArgumentException if the strategy is the identity, the data set is empty or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public <E> UnrolledTraining<E> fit(Checkpoints<? extends GradientProvider<E>> checkpoints, ExampleSource<E> data) {
        if (!options.strategy().measuresEigenvalues() && !options.strategy().usesEigenbasis()) {
            throw new IllegalArgumentException(
                    "SOURCE needs the eigenvalues of a curvature; strategy " + options.strategy() + " has none");
        }
        List<UnrolledTraining.Segment<E>> segments = new ArrayList<>();
        try {
            for (Checkpoints.Segment<? extends GradientProvider<E>> segment : checkpoints.segments()) {
                String suffix = ", segment " + (segments.size() + 1) + " of "
                        + checkpoints.segments().size();
                ProgressListener named = (stage, done, total) -> progress.progress(stage + suffix, done, total);
                SegmentData<E> seen = new SegmentData<>(segment.models(), data);
                EigenbasisCurvature curvature = EigenbasisApproximator.<SegmentData.Seen<E>>of(backend, options)
                        .fit(seen, seen, named);
                segments.add(new UnrolledTraining.Segment<>(segment.models(), segment.learningRateSum(), curvature));
            }
        } catch (RuntimeException | Error e) {
            segments.forEach(segment -> segment.curvature().close());
            throw e;
        }
        return new UnrolledTraining<>(backend, checkpoints.trained(), segments, weightDecay, progress);
    }
}
