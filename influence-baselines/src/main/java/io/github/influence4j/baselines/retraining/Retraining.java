package io.github.influence4j.baselines.retraining;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PerturbableModel;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Seeds;
import io.github.influence4j.api.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;

/**
 * Trains models on parts of a training set, several for each, and measures the queries on them.
 *
 * <p>Costs subsets × repeats trainings. With a progress file, a run that was killed goes on where it was.
 *
 * @param <E> the host's type of an example
 */
public final class Retraining<E> {

    private static final int READ_BATCH = 1024;
    private static final String STAGE = "training on subsets";

    private final Trainer<E, ? extends PerturbableModel<E>> trainer;
    private final RetrainingOptions options;

    /**
     * Prepares training.
     *
     * @param trainer trains the host's model afresh
     * @param options how often, and where finished work is kept
     */
    public Retraining(Trainer<E, ? extends PerturbableModel<E>> trainer, RetrainingOptions options) {
        this.trainer = trainer;
        this.options = options;
    }

    /**
     * Trains and measures.
     *
     * @param train the whole training set, which is held
     * @param queries the queries, whose {@link Objective.Measurement} is taken
     * @param subsets what to train on
     * @param progress is told after each training
     * @return the measurements
     * @throws IllegalArgumentException if a subset names an example that there is not, or the progress file belongs to other
     *     subsets, queries, seeds or another trainer
     * @throws IOException if the progress file cannot be read or written
     * @throws CancellationException if the thread was interrupted; what is finished is in the file
     */
    public RetrainedObjectives run(
            ExampleSource<E> train, ExampleSource<E> queries, TrainingSubsets subsets, ProgressListener progress)
            throws IOException {
        Map<Long, E> byId = new HashMap<>();
        for (ExampleBatch<E> batch : train.batches(READ_BATCH)) {
            for (int e = 0; e < batch.size(); e++) {
                byId.put(batch.ids()[e], batch.examples().get(e));
            }
        }
        List<ExampleBatch<E>> asked = new ArrayList<>();
        queries.batches(READ_BATCH).forEach(asked::add);
        long[] queryIds = asked.stream()
                .flatMapToLong(batch -> LongStream.of(batch.ids()))
                .toArray();
        int count = subsets.members().size();
        double[][][] values = new double[count][options.repeats()][];
        long done = 0;
        RetrainingLog log = RetrainingLog.open(options, subsets, queryIds);
        for (int s = 0; s < count; s++) {
            for (int r = 0; r < options.repeats(); r++) {
                if (log.has(s, r)) {
                    values[s][r] = log.get(s, r);
                } else {
                    requireNotInterrupted();
                    values[s][r] = measure(source(subsets.members().get(s), s, byId), asked, seed(r));
                    log.add(s, r, values[s][r]);
                }
                progress.progress(STAGE, ++done, (long) count * options.repeats());
            }
        }
        return new RetrainedObjectives(subsets, queryIds, values);
    }

    /** Repeat r has the same seed on every subset, so that subsets differ by their examples only. */
    private long seed(int repeat) {
        return Seeds.derived(options.firstSeed(), repeat);
    }

    private double[] measure(ExampleSource<E> subset, List<ExampleBatch<E>> asked, long seed) {
        try (PerturbableModel<E> model = trainer.train(subset, seed)) {
            return asked.stream()
                    .flatMapToDouble(batch -> Arrays.stream(model.objectives(batch, new Objective.Measurement())))
                    .toArray();
        }
    }

    private static <E> ExampleSource<E> source(long[] ids, int subset, Map<Long, E> byId) {
        List<E> examples = new ArrayList<>(ids.length);
        for (long id : ids) {
            E example = byId.get(id);
            if (example == null) {
                throw new IllegalArgumentException("subset " + subset + ": no training example has id " + id);
            }
            examples.add(example);
        }
        return ExampleSource.of(examples, ids);
    }

    private static void requireNotInterrupted() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException(STAGE + " was interrupted");
        }
    }
}
