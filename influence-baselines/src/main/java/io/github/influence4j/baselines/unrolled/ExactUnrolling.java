package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.PerturbableModel;
import io.github.influence4j.api.ProgressListener;

/**
 * The exact derivative of a measurement through every step of a training run, by reverse accumulation: the truth that SOURCE
 * approximates, for the run at hand.
 *
 * <p>The run is made here, from the model's weights as they are, by a rule and a schedule that say all there is to it. With wₑ the
 * weight of example e in the mean of its batches (1 in the run), the score of e for a query is −n · dm(w_T)/dwₑ, n the number of
 * training examples: what EK-FAC's scores estimate, in the same unit.
 *
 * <p>The derivative in the state after a step, λ, goes back through the update rule; what arrives at the step's gradient, p, gives
 * ⟨gₑ, p⟩/b to each example of the batch, b its size, and the Hessian product H p to the weights. The Hessian product is made of four
 * gradients beside the weights, by differences of fourth order, so that any model will do that can be moved: its error is some 1e-12
 * of the gradient where the loss is smooth. Only tracked layers are trained. The model should be in float64.
 *
 * <p>With T steps and K queries: 2T batches of gradients to train and to train again, and (1 + 4K)T on the way back. √T states are
 * kept, and as many again with their gradients: 3 to 4 times the weights each.
 *
 * <p>Source: Ilyas and Engstrom 2025, "MAGIC: Near-Optimal Data Attribution for Deep Learning", arXiv 2504.16430. Immutable.
 */
public final class ExactUnrolling {

    private final UpdateRule rule;
    private final TrainingSchedule schedule;
    private final ProgressListener progress;

    private ExactUnrolling(UpdateRule rule, TrainingSchedule schedule, ProgressListener progress) {
        this.rule = rule;
        this.schedule = schedule;
        this.progress = progress;
    }

    /**
     * Describes the training.
     *
     * @param rule turns gradients into steps
     * @param schedule what each step sees
     * @return the unrolling
     */
    public static ExactUnrolling of(UpdateRule rule, TrainingSchedule schedule) {
        return new ExactUnrolling(rule, schedule, ProgressListener.silent());
    }

    /**
     * Tells a listener how far training and scores have come.
     *
     * @param value the listener
     * @return the same otherwise
     */
    public ExactUnrolling reporting(ProgressListener value) {
        return new ExactUnrolling(rule, schedule, value);
    }

    /**
     * Trains a model without weight decay, which would have to know its weights.
     *
     * @param <E> the host's type of an example
     * @param start the model to start from; stays open while the result is in use
     * @param train the training set, which is held
     * @return the run, which the caller closes
     * @throws IllegalArgumentException if the rule has a weight decay, or the schedule names an example that there is not
     * @throws io.github.influence4j.api.NumericalException if training diverges
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public <E> UnrolledRun<E> fit(PerturbableModel<E> start, ExampleSource<E> train) {
        if (rule.decay() != 0) {
            throw new IllegalArgumentException(
                    rule
                            + " pulls the weights towards 0: say what weights the model starts from, fit(start, weights, train)");
        }
        int parameters = Math.toIntExact(
                start.layers().stream().mapToLong(LayerSpec::parameters).sum());
        return fit(start, new double[parameters], train);
    }

    /**
     * Trains a model.
     *
     * @param <E> the host's type of an example
     * @param start the model to start from; stays open while the result is in use
     * @param weights its weights, one [o, i] matrix for each layer
     * @param train the training set, which is held
     * @return the run, which the caller closes
     * @throws IllegalArgumentException if the weights are of other layers, or the schedule names an example that there is not
     * @throws io.github.influence4j.api.NumericalException if training diverges
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public <E> UnrolledRun<E> fit(PerturbableModel<E> start, LayerGradients weights, ExampleSource<E> train) {
        weights.requireLayers(start.layers());
        return fit(start, weights.toFlat(), train);
    }

    private <E> UnrolledRun<E> fit(PerturbableModel<E> start, double[] weights, ExampleSource<E> train) {
        TrainingReplay<E> replay = new TrainingReplay<>(start, weights, rule, schedule, train);
        return UnrolledRun.trained(replay, start.fingerprint(), progress);
    }
}
