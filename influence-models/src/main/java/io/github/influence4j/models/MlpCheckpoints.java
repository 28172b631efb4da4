package io.github.influence4j.models;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.ProgressListener;
import java.util.ArrayList;
import java.util.List;

/**
 * A training run of a network with copies of it on the way. Owns the copies and the trained network.
 *
 * @param checkpoints the run in segments of equally many steps
 * @param losses mean training loss of each epoch
 */
public record MlpCheckpoints(Checkpoints<Mlp> checkpoints, List<Double> losses) implements AutoCloseable {

    /** Copies the losses. */
    public MlpCheckpoints {
        losses = List.copyOf(losses);
    }

    /**
     * Trains a network with SGD and copies it in the middle of each of {@code perSegment} equal parts of every segment.
     *
     * @param start the weights to start from; not changed
     * @param data the training set
     * @param options how to train; with momentum β a segment's learning rates count 1/(1−β) times
     * @param segments how many segments to cut the run into
     * @param perSegment how many copies of each
     * @param progress is told after every epoch
     * @return the run, which the caller closes
     * @throws IllegalArgumentException if a number is not positive, there are fewer steps than copies, or the optimizer is not
     *     SGD, whose steps alone a learning rate measures
     */
    public static MlpCheckpoints train(
            Mlp start,
            ExampleSource<LabelledExample> data,
            TrainingOptions options,
            int segments,
            int perSegment,
            ProgressListener progress) {
        if (segments < 1 || perSegment < 1) {
            throw new IllegalArgumentException(
                    "segments and checkpoints of each must be positive, found " + segments + " and " + perSegment);
        }
        if (!(options.optimizer() instanceof Optimizer.Sgd sgd)) {
            throw new IllegalArgumentException("learning rates measure the steps of SGD only, found optimizer "
                    + options.optimizer() + "; for Adam train with ExactUnrolling and take the checkpoints of its run");
        }
        long steps = ((data.size() - 1) / options.batchSize() + 1) * options.epochs();
        long copies = (long) segments * perSegment;
        if (steps < copies) {
            throw new IllegalArgumentException(
                    "training takes " + steps + " steps, too few for " + copies + " checkpoints");
        }
        List<Mlp> models = new ArrayList<>();
        double[] rates = new double[segments];
        try {
            TrainedMlp trained = MlpTraining.train(start, data, options, progress, (step, rate, model) -> {
                rates[(int) ((step - 1) * segments / steps)] += rate / (1 - sgd.momentum());
                // the middle of part c lies after (c + ½)/copies of the steps
                if (step == Math.max(1, Math.round((models.size() + 0.5) * steps / copies)) && models.size() < copies) {
                    models.add(model.withWeights(model.weights()));
                }
            });
            List<Checkpoints.Segment<Mlp>> cut = new ArrayList<>();
            for (int s = 0; s < segments; s++) {
                cut.add(new Checkpoints.Segment<>(models.subList(s * perSegment, (s + 1) * perSegment), rates[s]));
            }
            return new MlpCheckpoints(new Checkpoints<>(cut, trained.model()), trained.losses());
        } catch (RuntimeException | Error e) {
            models.forEach(Mlp::close);
            throw e;
        }
    }

    @Override
    public void close() {
        checkpoints.segments().forEach(segment -> segment.models().forEach(Mlp::close));
        checkpoints.trained().close();
    }
}
