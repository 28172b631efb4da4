package io.github.influence4j.decoder;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.ProgressListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * Trains transformers with Adam.
 *
 * <p>The result is a function of the start, the data in their order, and the options; on another backend, or with another
 * number of threads of a BLAS, it differs by rounding. Each core takes a part of a batch's sequences; a step costs about three forward passes over its batch.
 */
public final class DecoderTraining {

    /** Name of the losses among what is kept. */
    private static final String LOSSES = "losses";

    private final Decoder model;
    private final DecoderTrainingOptions options;
    private final List<TokenSequence> sequences = new ArrayList<>();
    private final long[] ids;

    private DecoderTraining(Decoder model, ExampleSource<TokenSequence> data, DecoderTrainingOptions options) {
        this.model = model;
        this.options = options;
        this.ids = new long[Math.toIntExact(data.size())];
        for (ExampleBatch<TokenSequence> batch : data.batches(options.batchSize())) {
            System.arraycopy(batch.ids(), 0, ids, sequences.size(), batch.size());
            sequences.addAll(batch.examples());
        }
    }

    /**
     * Trains a copy of a model.
     *
     * @param start the weights to start from; not changed
     * @param data at least two sequences, which are read once and held
     * @param options how to train
     * @param progress is told after every step
     * @return the trained model and the loss of each step; the caller closes it
     * @throws IllegalArgumentException if there are fewer than two sequences, or one is longer than the context or has an
     *     unknown token
     * @throws NumericalException if the loss of a step is not finite, with the step
     * @throws CancellationException if the thread was interrupted
     */
    public static TrainedDecoder train(
            Decoder start,
            ExampleSource<TokenSequence> data,
            DecoderTrainingOptions options,
            ProgressListener progress) {
        return train(start, data, options, KeptTraining.nothing(), progress);
    }

    /**
     * Trains a copy of a model, or goes on from the state that was kept of the same training.
     *
     * @param start the weights to start from; not changed
     * @param data at least two sequences, which are read once and held
     * @param options how to train
     * @param kept gives the state that was kept last, and keeps others
     * @param progress is told after every step that is done
     * @return the trained model and the loss of each step; the caller closes it
     * @throws IllegalArgumentException if there are fewer than two sequences, one is longer than the context or has an unknown token,
     *     or the kept state is of more steps or of a model of another form
     * @throws NumericalException if the loss of a step is not finite, with the step
     * @throws CancellationException if the thread was interrupted
     */
    public static TrainedDecoder train(
            Decoder start,
            ExampleSource<TokenSequence> data,
            DecoderTrainingOptions options,
            KeptTraining kept,
            ProgressListener progress) {
        if (data.size() < 2) {
            throw new IllegalArgumentException(
                    "a corpus to train on needs at least two sequences, found " + data.size());
        }
        Decoder model = start.copy();
        boolean done = false;
        try {
            List<Double> losses = new DecoderTraining(model, data, options)
                    .run(RowKernels.of(start.backend().precision()), kept, progress);
            done = true;
            return new TrainedDecoder(model, losses);
        } finally {
            if (!done) {
                model.close();
            }
        }
    }

    /**
     * Trains a copy of a model without reporting progress.
     *
     * @param start the weights to start from; not changed
     * @param data at least two sequences, which are read once and held
     * @param options how to train
     * @return the trained model and the loss of each step; the caller closes it
     */
    public static TrainedDecoder train(
            Decoder start, ExampleSource<TokenSequence> data, DecoderTrainingOptions options) {
        return train(start, data, options, ProgressListener.silent());
    }

    /**
     * Trains a copy of a model and keeps what estimators that unroll training need: models from the middle of each stretch of the run,
     * summed learning rates, and what Adam multiplied gradients with, 1/(√v̂ + ε), averaged over a segment's steps with their
     * rates as weights. The trained model is that of {@link #train} to the bit.
     *
     * @param start the weights to start from, and the layers that are tracked; not changed
     * @param data at least two sequences, which are read once and held
     * @param options how to train
     * @param segments stretches of equal numbers of steps, up to one
     * @param perSegment models of each
     * @param progress is told after every step
     * @return the run; the caller closes all its models, segments × perSegment and the trained one
     * @throws IllegalArgumentException as {@link #train} does, and if there are fewer steps than models
     * @throws NumericalException if the loss of a step is not finite, with the step
     * @throws CancellationException if the thread was interrupted
     */
    public static Checkpoints<Decoder> checkpoints(
            Decoder start,
            ExampleSource<TokenSequence> data,
            DecoderTrainingOptions options,
            int segments,
            int perSegment,
            ProgressListener progress) {
        RunSegments run = new RunSegments(start, options, segments, perSegment);
        boolean done = false;
        try {
            Decoder trained = train(start, data, options, run, progress).model();
            Checkpoints<Decoder> checkpoints = new Checkpoints<>(run.cut(), trained);
            done = true;
            return checkpoints;
        } finally {
            if (!done) {
                run.models().forEach(Decoder::close);
            }
        }
    }

    private <A> List<Double> run(RowKernels<A> kernels, KeptTraining kept, ProgressListener progress) {
        SplittableRandom random = new SplittableRandom(options.seed());
        int[] order = IntStream.range(0, ids.length).toArray();
        int next = order.length;
        Adam adam = options.optimizer();
        AdamState<A> state = new AdamState<>(model.backend(), kernels, ParameterLayout.of(model.shape()));
        List<Double> losses = new ArrayList<>(options.steps());
        int done = restore(state, losses, kept);
        double meanMemory = 1;
        double squareMemory = 1;
        try (TrainingPass<A> pass = new TrainingPass<>(
                model.backend(),
                model.parameterMatrices(),
                kernels,
                model.backend().parallelism())) {
            for (int step = 0; step < options.steps(); step++) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException(
                            "training was interrupted in step " + (step + 1) + " of " + options.steps());
                }
                List<TokenSequence> chosen = new ArrayList<>(options.batchSize());
                long[] chosenIds = new long[Math.min(options.batchSize(), order.length)];
                while (chosen.size() < chosenIds.length) {
                    if (next == order.length) {
                        shuffle(order, random);
                        next = 0;
                    }
                    chosenIds[chosen.size()] = ids[order[next]];
                    chosen.add(sequences.get(order[next++]));
                }
                meanMemory *= adam.beta1();
                squareMemory *= adam.beta2();
                if (step < done) {
                    continue; // the examples come in the order of a training that was not stopped
                }
                double loss = pass.run(new ExampleBatch<>(chosen, chosenIds));
                if (!Double.isFinite(loss)) {
                    throw new NumericalException("training diverged: the loss is " + loss + " in step " + (step + 1)
                            + " of " + options.steps());
                }
                losses.add(loss);
                AdamStep numbers = new AdamStep(
                        options.rate(step),
                        adam.beta1(),
                        adam.beta2(),
                        adam.epsilon(),
                        1 - meanMemory,
                        1 - squareMemory);
                state.step(
                        numbers,
                        options.weightDecay(),
                        model.parameterMatrices().flat(),
                        pass.gradients());
                if (kept.isDue(step + 1)) {
                    Map<String, Matrix> matrices = state.with(model.parameterMatrices());
                    double[] all =
                            losses.stream().mapToDouble(Double::doubleValue).toArray();
                    matrices.put(LOSSES, Matrix.of(all, 1, all.length));
                    kept.keep(step + 1, matrices);
                }
                progress.progress("training", step + 1, options.steps());
            }
        }
        return losses;
    }

    /** Takes up what was kept, and says how many steps were done. */
    private int restore(AdamState<?> state, List<Double> losses, KeptTraining kept) {
        Optional<KeptTraining.State> last = kept.last();
        if (last.isEmpty()) {
            return 0;
        }
        try (KeptTraining.State found = last.get()) {
            int steps = found.steps();
            if (steps > options.steps()) {
                throw new IllegalArgumentException(
                        "the kept state is of " + steps + " steps, asked for are " + options.steps());
            }
            double[] all = new double[steps];
            found.matrix(LOSSES).read(0, 1, all, 0);
            Arrays.stream(all).forEach(losses::add);
            state.restore(found, model.parameterMatrices());
            return steps;
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
