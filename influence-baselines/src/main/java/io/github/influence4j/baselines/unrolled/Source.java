package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * SOURCE, approximate unrolled differentiation: training is cut into segments with constant gradient and curvature, through
 * which the effect of a training example is followed in closed form.
 *
 * <p>With ηK the summed learning rate of a segment and H̄ its curvature (EK-FAC, averaged over the segment's checkpoints), a
 * segment carries what came before it by S̄ = exp(−ηK H̄) and adds r̄ = (I − S̄)H̄⁻¹ḡ, ḡ the mean of the example's gradients.
 * The score is ∇mᵀ Σ_ℓ S̄_L … S̄_{ℓ+1} r̄_ℓ. One segment is close to EK-FAC with λ = 1/(ηK).
 *
 * <p>Where segments say by what their optimizer multiplies gradients, P, as Adam does, a step is plain in the weights over P^(1/2): H̄
 * is the curvature of G_z ∘ P^(1/2), r̄ and S̄ come back by P^(1/2). Such gradients have no Kronecker factors of their own, so that
 * EK-FAC's eigenbasis is that of E[GᵀG] and E[GGᵀ] then ({@link Strategy#GRADIENT_BASIS}), and gradients of min(o, i) positions are
 * formed, which is for small models. That P depends on the weights is passed over, and so is the memory of the mean.
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
     * Says what the weight decay of the training was, which is added to the eigenvalues as a damping is: for Adam the decoupled one.
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
        GradientProvider<E> trained = checkpoints.trained();
        boolean plain = preconditioned(checkpoints) == 0;
        if (!plain && preconditioned(checkpoints) < checkpoints.segments().size()) {
            throw new IllegalArgumentException("some segments have a preconditioner and some have none: one optimizer"
                    + " trains a model; give all of them one, or none");
        }
        FitOptions own = !plain && options.strategy() == Strategy.EKFAC
                ? options.withStrategy(Strategy.GRADIENT_BASIS)
                : options;
        if (!plain && own.strategy() == Strategy.KFAC) {
            throw new IllegalArgumentException("gradients that an optimizer has multiplied have no Kronecker factors;"
                    + " take " + Strategy.GRADIENT_BASIS + " or " + Strategy.DIAGONAL + " instead of " + Strategy.KFAC);
        }
        List<UnrolledTraining.Segment<E>> segments = new ArrayList<>();
        try {
            for (Checkpoints.Segment<? extends GradientProvider<E>> segment : checkpoints.segments()) {
                String suffix = ", segment " + (segments.size() + 1) + " of "
                        + checkpoints.segments().size();
                ProgressListener named = (stage, done, total) -> progress.progress(stage + suffix, done, total);
                Optional<LayerGradients> root = segment.preconditioner().map(Source::root);
                List<GradientProvider<E>> models = new ArrayList<>();
                segment.models().forEach(model -> models.add(plain ? model : new WholeGradients<>(model, root)));
                SegmentData<E> seen = new SegmentData<>(models, data);
                EigenbasisCurvature curvature = EigenbasisApproximator.<SegmentData.Seen<E>>of(backend, own)
                        .fit(seen, seen, named);
                segments.add(new UnrolledTraining.Segment<>(models, segment.learningRateSum(), root, curvature));
            }
        } catch (RuntimeException | Error e) {
            segments.forEach(segment -> segment.curvature().close());
            throw e;
        }
        return new UnrolledTraining<>(
                backend,
                trained.layers(),
                plain ? trained : new WholeGradients<>(trained, Optional.empty()),
                segments,
                weightDecay,
                progress);
    }

    private static <E> long preconditioned(Checkpoints<? extends GradientProvider<E>> checkpoints) {
        return checkpoints.segments().stream()
                .filter(segment -> segment.preconditioner().isPresent())
                .count();
    }

    private static LayerGradients root(LayerGradients preconditioner) {
        double[] roots = preconditioner.toFlat();
        Arrays.setAll(roots, k -> Math.sqrt(roots[k]));
        return LayerGradients.ofFlat(WholeGradients.folded(preconditioner.layers()), roots);
    }
}
