package io.github.influence4j.models;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.ProgressListener;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * Trains a network on a data set by gradient steps over shuffled batches.
 *
 * <p>The weights and what the optimizer remembers are held in float64 on the host, also where the network computes in
 * float32. With the same network, data, options and backend the result is the same bit for bit. A step costs about 6nP
 * flops for n examples and P parameters, and a transfer of P numbers each way.
 */
public final class MlpTraining {

    private static final int READ_BATCH = 1024;

    private final TrainingOptions options;
    private final Mlp model;
    private final List<LabelledExample> examples = new ArrayList<>();
    private final long[] ids;
    private final List<double[]> weights = new ArrayList<>();
    private final double[][] gradients;
    private final List<OptimizerState> states = new ArrayList<>();

    private MlpTraining(Mlp model, ExampleSource<LabelledExample> data, TrainingOptions options) {
        this.model = model;
        this.options = options;
        this.ids = new long[Math.toIntExact(data.size())];
        for (ExampleBatch<LabelledExample> batch : data.batches(READ_BATCH)) {
            System.arraycopy(batch.ids(), 0, ids, examples.size(), batch.size());
            examples.addAll(batch.examples());
        }
        LayerGradients initial = model.weights();
        this.gradients = new double[model.layers().size()][];
        for (LayerSpec layer : model.layers()) {
            Matrix matrix = initial.layer(layer.name());
            double[] values = new double[Math.toIntExact(layer.parameters())];
            matrix.read(0, matrix.rows(), values, 0);
            gradients[weights.size()] = new double[values.length];
            weights.add(values);
            states.add(OptimizerState.of(options.optimizer(), values.length));
        }
    }

    /**
     * Trains a network. Can be cancelled by interrupting the thread, which is noticed between two steps; the interrupt
     * stays set.
     *
     * @param start the weights to start from; not changed
     * @param data the training set, which is read once and held
     * @param options how to train
     * @param progress is told after every epoch
     * @return the trained network and the loss of each epoch; the caller closes it
     * @throws IllegalArgumentException if the data set is empty, an example has another number of features, or its target
     *     does not fit
     * @throws NumericalException if a feature or target is NaN or infinite, or the loss of a step is, with the epoch and
     *     the step
     * @throws CancellationException if the thread was interrupted
     */
    public static TrainedMlp train(
            Mlp start, ExampleSource<LabelledExample> data, TrainingOptions options, ProgressListener progress) {
        return train(start, data, options, progress, (step, rate, model) -> {});
    }

    /** Looks on while a network is trained. */
    @FunctionalInterface
    interface StepListener {
        /**
         * Is told after every step.
         *
         * @param step how many steps have been made
         * @param rate learning rate of the last one
         * @param model the network in training, not to be kept
         */
        void after(long step, double rate, Mlp model);
    }

    static TrainedMlp train(
            Mlp start,
            ExampleSource<LabelledExample> data,
            TrainingOptions options,
            ProgressListener progress,
            StepListener steps) {
        if (data.size() == 0) {
            throw new IllegalArgumentException("cannot train on an empty data set");
        }
        Mlp model = start.withWeights(start.weights());
        boolean done = false;
        try {
            List<Double> losses = new MlpTraining(model, data, options).run(progress, steps);
            done = true;
            return new TrainedMlp(model, losses);
        } finally {
            if (!done) {
                model.close();
            }
        }
    }

    /**
     * Trains a network without reporting progress.
     *
     * @param start the weights to start from; not changed
     * @param data the training set, which is read once and held
     * @param options how to train
     * @return the trained network and the loss of each epoch; the caller closes it
     */
    public static TrainedMlp train(Mlp start, ExampleSource<LabelledExample> data, TrainingOptions options) {
        return train(start, data, options, ProgressListener.silent());
    }

    private List<Double> run(ProgressListener progress, StepListener listener) {
        SplittableRandom random = new SplittableRandom(options.seed());
        int[] order = IntStream.range(0, ids.length).toArray();
        int stepsPerEpoch = (ids.length - 1) / options.batchSize() + 1;
        long steps = (long) stepsPerEpoch * options.epochs();
        List<Double> losses = new ArrayList<>(options.epochs());
        for (int epoch = 0; epoch < options.epochs(); epoch++) {
            shuffle(order, random);
            double total = 0;
            for (int step = 0; step < stepsPerEpoch; step++) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("training was interrupted in epoch " + (epoch + 1) + " of "
                            + options.epochs() + ", step " + (step + 1));
                }
                ExampleBatch<LabelledExample> batch = batch(order, step);
                double loss = model.lossAndGradients(batch, gradients);
                if (!Double.isFinite(loss)) {
                    throw new NumericalException("training diverged: the loss is " + loss + " in epoch " + (epoch + 1)
                            + ", step " + (step + 1) + " of " + stepsPerEpoch);
                }
                total += loss;
                long made = (long) epoch * stepsPerEpoch + step;
                double rate = options.rate(made, steps);
                update(batch.size(), rate);
                listener.after(made + 1, rate, model);
            }
            losses.add(total / ids.length);
            progress.progress("training", epoch + 1, options.epochs());
        }
        return losses;
    }

    private ExampleBatch<LabelledExample> batch(int[] order, int step) {
        int from = step * options.batchSize();
        int size = Math.min(options.batchSize(), order.length - from);
        List<LabelledExample> chosen = new ArrayList<>(size);
        long[] chosenIds = new long[size];
        for (int r = 0; r < size; r++) {
            chosen.add(examples.get(order[from + r]));
            chosenIds[r] = ids[order[from + r]];
        }
        return new ExampleBatch<>(chosen, chosenIds);
    }

    private void update(int batchSize, double rate) {
        for (int l = 0; l < gradients.length; l++) {
            double[] gradient = gradients[l];
            for (int k = 0; k < gradient.length; k++) {
                gradient[k] /= batchSize;
            }
            states.get(l).step(weights.get(l), gradient, rate, options.weightDecay());
            model.setWeights(l, weights.get(l));
        }
    }

    private static void shuffle(int[] order, SplittableRandom random) {
        for (int k = order.length - 1; k > 0; k--) {
            int other = random.nextInt(k + 1);
            int kept = order[k];
            order[k] = order[other];
            order[other] = kept;
        }
    }
}
