package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.IntToDoubleFunction;

/**
 * Which examples each step of a training run sees, and its learning rate. What is left out of a run keeps its place: the other
 * examples of its batches still count one part in the batch's size each. Immutable.
 */
public final class TrainingSchedule {

    private static final int READ_BATCH = 1024;

    private final List<long[]> batches;
    private final double[] rates;

    private TrainingSchedule(List<long[]> batches, double[] rates) {
        this.batches = batches;
        this.rates = rates;
    }

    /**
     * Describes a run.
     *
     * @param batches ids of the examples of each step
     * @param rate learning rate of each step, counted from 0
     * @return the schedule
     * @throws IllegalArgumentException if there is no step, a batch is empty or names an example twice, or a rate is negative,
     *     infinite or NaN
     */
    public static TrainingSchedule of(List<long[]> batches, IntToDoubleFunction rate) {
        if (batches.isEmpty()) {
            throw new IllegalArgumentException("a training run needs a step");
        }
        double[] rates = new double[batches.size()];
        List<long[]> copies = new ArrayList<>(batches.size());
        for (int step = 0; step < rates.length; step++) {
            long[] ids = batches.get(step).clone();
            Set<Long> distinct = new HashSet<>();
            for (long id : ids) {
                if (!distinct.add(id)) {
                    throw new IllegalArgumentException("step " + step + " has example " + id + " twice");
                }
            }
            if (ids.length == 0) {
                throw new IllegalArgumentException("step " + step + " has no example");
            }
            rates[step] = rate.applyAsDouble(step);
            if (!(rates[step] >= 0 && rates[step] < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "step " + step + " has learning rate " + rates[step] + "; it must be finite and at least 0");
            }
            copies.add(ids);
        }
        return new TrainingSchedule(List.copyOf(copies), rates);
    }

    /**
     * Describes passes over a training set, each in another random order; the last batch of a pass may be smaller.
     *
     * @param train the training set, of which ids are taken only
     * @param batchSize examples of a step
     * @param epochs passes
     * @param rate learning rate of each step, counted from 0
     * @param seed determines the orders
     * @return the schedule
     * @throws IllegalArgumentException if the training set is empty, or a number is not positive
     */
    public static TrainingSchedule shuffled(
            ExampleSource<?> train, int batchSize, int epochs, IntToDoubleFunction rate, long seed) {
        if (batchSize < 1 || epochs < 1) {
            throw new IllegalArgumentException(
                    "a run needs a batch and an epoch, found batches of " + batchSize + " and " + epochs + " epochs");
        }
        long[] ids = ids(train);
        SplittableRandom random = new SplittableRandom(seed);
        List<long[]> batches = new ArrayList<>();
        for (int epoch = 0; epoch < epochs; epoch++) {
            for (int k = ids.length - 1; k > 0; k--) {
                int other = random.nextInt(k + 1);
                long kept = ids[k];
                ids[k] = ids[other];
                ids[other] = kept;
            }
            for (int from = 0; from < ids.length; from += batchSize) {
                batches.add(Arrays.copyOfRange(ids, from, Math.min(ids.length, from + batchSize)));
            }
        }
        return of(batches, rate);
    }

    private static <E> long[] ids(ExampleSource<E> train) {
        List<long[]> parts = new ArrayList<>();
        for (ExampleBatch<E> batch : train.batches(READ_BATCH)) {
            parts.add(batch.ids());
        }
        return parts.stream().flatMapToLong(Arrays::stream).toArray();
    }

    /**
     * Returns the length of the run.
     *
     * @return number of steps
     */
    public int steps() {
        return rates.length;
    }

    /**
     * Returns what a step sees.
     *
     * @param step counted from 0
     * @return ids of its examples
     */
    public long[] batch(int step) {
        return batches.get(step).clone();
    }

    /**
     * Returns how far a step goes.
     *
     * @param step counted from 0
     * @return its learning rate
     */
    public double rate(int step) {
        return rates[step];
    }

    @Override
    public String toString() {
        return steps() + " steps";
    }
}
