package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PerturbableModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.LongToDoubleFunction;

/** Makes the steps of a run from any of its states, with any weights of the examples: always the same numbers. */
final class TrainingReplay<E> {

    private static final int READ_BATCH = 1024;

    /** Gradients are compared at this distance from the weights, relative to their norm where that is above 1. */
    private static final double DISTANCE = 1e-4;

    private final PerturbableModel<E> start;
    private final double[] startWeights;
    private final UpdateRule rule;
    private final TrainingSchedule schedule;
    private final Map<Long, E> examples = new HashMap<>();

    TrainingReplay(
            PerturbableModel<E> start,
            double[] startWeights,
            UpdateRule rule,
            TrainingSchedule schedule,
            ExampleSource<E> train) {
        this.start = start;
        this.startWeights = startWeights;
        this.rule = rule;
        this.schedule = schedule;
        for (ExampleBatch<E> batch : train.batches(READ_BATCH)) {
            for (int e = 0; e < batch.size(); e++) {
                if (examples.put(batch.ids()[e], batch.examples().get(e)) != null) {
                    throw new IllegalArgumentException("the training set has id " + batch.ids()[e]
                            + " twice; a schedule that names it could mean either example");
                }
            }
        }
        for (int step = 0; step < schedule.steps(); step++) {
            for (long id : schedule.batch(step)) {
                if (!examples.containsKey(id)) {
                    throw new IllegalArgumentException(
                            "step " + step + " of the schedule sees example " + id + ", which the training set lacks");
                }
            }
        }
    }

    UpdateRule rule() {
        return rule;
    }

    TrainingSchedule schedule() {
        return schedule;
    }

    List<LayerSpec> layers() {
        return start.layers();
    }

    /** Number of examples of the training set. */
    int size() {
        return examples.size();
    }

    boolean has(long id) {
        return examples.containsKey(id);
    }

    RunState begin() {
        return RunState.of(startWeights, rule.memories());
    }

    ExampleBatch<E> batch(int step) {
        long[] ids = schedule.batch(step);
        List<E> chosen = new ArrayList<>(ids.length);
        for (long id : ids) {
            chosen.add(examples.get(id));
        }
        return new ExampleBatch<>(chosen, ids);
    }

    /** The model with these weights, which the caller closes. */
    PerturbableModel<E> model(double[] weights) {
        return start.at(offset(weights));
    }

    LayerGradients offset(double[] weights) {
        double[] offset = new double[weights.length];
        for (int k = 0; k < weights.length; k++) {
            offset[k] = weights[k] - startWeights[k];
        }
        return LayerGradients.ofFlat(start.layers(), offset);
    }

    /** Captures of a step's batch at some weights. */
    BatchGradient captured(int step, double[] weights) {
        try (PerturbableModel<E> model = model(weights)) {
            return BatchGradient.of(model, batch(step), new Objective.TrainingLoss());
        }
    }

    /** (1/b) Σₑ wₑ gₑ of a step's batch. */
    double[] gradient(int step, double[] weights, LongToDoubleFunction exampleWeight) {
        long[] ids = schedule.batch(step);
        double[] each = Arrays.stream(ids)
                .mapToDouble(id -> exampleWeight.applyAsDouble(id) / ids.length)
                .toArray();
        return captured(step, weights).sum(each);
    }

    /** Makes the next step; returns its gradient. */
    double[] step(RunState state, LongToDoubleFunction exampleWeight) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("training was interrupted at step " + state.steps);
        }
        int step = state.steps;
        double[] gradient = gradient(step, state.weights, exampleWeight);
        rule.step(state, gradient, schedule.rate(step));
        return gradient;
    }

    /**
     * The Hessian of a batch's mean loss times v, by gradients at four points along v (differences of fourth order): off by some
     * 1e-12 of the gradient.
     */
    double[] hessianProduct(int step, double[] weights, double[] v) {
        double length = norm(v);
        double[] result = new double[v.length];
        if (length == 0) {
            return result;
        }
        double distance = DISTANCE * Math.max(1, norm(weights)) / length;
        add(8 / (12 * distance), step, weights, v, distance, result);
        add(-8 / (12 * distance), step, weights, v, -distance, result);
        add(-1 / (12 * distance), step, weights, v, 2 * distance, result);
        add(1 / (12 * distance), step, weights, v, -2 * distance, result);
        return result;
    }

    private void add(double factor, int step, double[] weights, double[] v, double distance, double[] sum) {
        double[] there = new double[v.length];
        for (int k = 0; k < v.length; k++) {
            there[k] = weights[k] + distance * v[k];
        }
        double[] gradient = gradient(step, there, id -> 1);
        for (int k = 0; k < v.length; k++) {
            sum[k] += factor * gradient[k];
        }
    }

    private static double norm(double[] x) {
        double sum = 0;
        for (double each : x) {
            sum += each * each;
        }
        return Math.sqrt(sum);
    }
}
