package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.FittedEstimator;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PerturbableModel;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.Scoring;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.LongToDoubleFunction;

/**
 * A training run whose states are kept, ready to be differentiated through.
 *
 * <p>It has no curvature, and any damping is ignored. The model that it started from stays the host's. Not for use by several
 * threads.
 *
 * @param <E> the host's type of an example
 */
public final class UnrolledRun<E> implements FittedEstimator<E> {

    private static final int READ_BATCH = 1024;
    private static final String TRAINING = "training";
    private static final String BACK = "back through training";

    private final TrainingReplay<E> replay;
    private final Optional<String> fingerprint;
    private final ProgressListener progress;

    /** States at the beginning of every stride of steps, and the last. */
    private final List<RunState> kept = new ArrayList<>();

    private final int stride;

    private UnrolledRun(TrainingReplay<E> replay, Optional<String> fingerprint, ProgressListener progress) {
        this.replay = replay;
        this.fingerprint = fingerprint;
        this.progress = progress;
        this.stride = (int) Math.ceil(Math.sqrt(replay.schedule().steps()));
    }

    static <E> UnrolledRun<E> trained(
            TrainingReplay<E> replay, Optional<String> fingerprint, ProgressListener progress) {
        UnrolledRun<E> run = new UnrolledRun<>(replay, fingerprint, progress);
        RunState state = replay.begin();
        int steps = replay.schedule().steps();
        while (state.steps < steps) {
            if (state.steps % run.stride == 0) {
                run.kept.add(state.copy());
            }
            replay.step(state, id -> 1);
            progress.progress(TRAINING, state.steps, steps);
        }
        run.kept.add(state);
        return run;
    }

    private RunState last() {
        return kept.get(kept.size() - 1);
    }

    /**
     * Returns the trained model.
     *
     * @return a model, which the caller closes
     */
    public PerturbableModel<E> trained() {
        return replay.model(last().weights);
    }

    /**
     * Returns what training changed, for hosts that know their own type: {@code start.at(run.offset())}.
     *
     * @return w_T − w_0
     */
    public LayerGradients offset() {
        return replay.offset(last().weights);
    }

    /**
     * Trains once more with other weights of the examples in the means of their batches.
     *
     * @param weight by id; 1 as in the run, 0 as if the example were not there
     * @return a model, which the caller closes
     * @throws io.github.influence4j.api.NumericalException if training diverges
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public PerturbableModel<E> trained(LongToDoubleFunction weight) {
        RunState state = replay.begin();
        while (state.steps < replay.schedule().steps()) {
            replay.step(state, weight);
        }
        return replay.model(state.weights);
    }

    /**
     * Returns a trainer that makes this run with the examples of a subset only. It has no chance in it: seeds are ignored.
     *
     * @return trains on subsets
     */
    public Trainer<E, PerturbableModel<E>> trainer() {
        return (subset, seed) -> {
            Set<Long> members = new HashSet<>();
            for (ExampleBatch<E> batch : subset.batches(READ_BATCH)) {
                Arrays.stream(batch.ids()).forEach(members::add);
            }
            return trained(id -> members.contains(id) ? 1 : 0);
        };
    }

    /**
     * Trains once more and keeps models on the way, as {@link Source} needs them: with the mean of what Adam multiplied gradients
     * with, weighted by the learning rates, for each segment.
     *
     * @param segments how many stretches of equally many steps
     * @param perSegment models of each, from the middles of its equal parts
     * @return the run in segments; the caller closes its models
     * @throws IllegalArgumentException if a number is not positive, or there are fewer steps than models
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public Checkpoints<PerturbableModel<E>> checkpoints(int segments, int perSegment) {
        return new RunCheckpoints<>(replay, segments, perSegment).take();
    }

    @Override
    public List<LayerSpec> layers() {
        return replay.layers();
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if the damping is relative: there are no eigenvalues
     */
    @Override
    public LayerDamping resolve(Damping damping) {
        if (damping.kind() == Damping.Kind.RELATIVE) {
            throw new IllegalArgumentException("a run that is unrolled has no eigenvalues that " + damping
                    + " could refer to; it needs no damping");
        }
        return LayerDamping.of(layers(), layer -> damping.value());
    }

    @Override
    public Scoring<E> damped(LayerDamping ignored) {
        return new Unrolled();
    }

    /** {@inheritDoc} Any damping is ignored, a relative one too. */
    @Override
    public Scoring<E> damped(Damping ignored) {
        return new Unrolled();
    }

    @Override
    public Provenance provenance() {
        return Provenance.here("the model's gradients", Precision.FLOAT64, fingerprint)
                .withOption("estimator", "exact unrolling")
                .withOption("update rule", replay.rule().toString())
                .withCount("training steps", replay.schedule().steps())
                .withCount("training examples", replay.size());
    }

    private final class Unrolled implements Scoring<E> {

        /**
         * {@inheritDoc}
         *
         * @throws IllegalArgumentException if an example was not trained on
         */
        @Override
        public InfluenceScores pairwise(ExampleSource<E> queries, ExampleSource<E> train) {
            return UnrolledRun.this.pairwise(queries, train);
        }

        @Override
        public SelfInfluence selfInfluence(ExampleSource<E> train) {
            throw new UnsupportedOperationException("exact unrolling has no self-influence; use EK-FAC's");
        }

        @Override
        public OptionalDouble heldBytes(int queries) {
            double state = (1 + replay.rule().memories()) * (double) Double.BYTES * last().weights.length;
            return OptionalDouble.of((kept.size() + stride + queries) * state);
        }

        @Override
        public void close() {
            // nothing is held beside the run's states
        }
    }

    private InfluenceScores pairwise(ExampleSource<E> queries, ExampleSource<E> train) {
        List<long[]> trainParts = new ArrayList<>();
        for (ExampleBatch<E> batch : train.batches(READ_BATCH)) {
            for (long id : batch.ids()) {
                if (!replay.has(id)) {
                    throw new IllegalArgumentException(
                            "training example " + id + " was not in the run that was unrolled");
                }
            }
            trainParts.add(batch.ids());
        }
        List<long[]> queryParts = new ArrayList<>();
        List<RunState> adjoints = new ArrayList<>();
        try (PerturbableModel<E> model = trained()) {
            for (ExampleBatch<E> batch : queries.batches(READ_BATCH)) {
                BatchGradient gradients = BatchGradient.of(model, batch, new Objective.Measurement());
                for (int q = 0; q < batch.size(); q++) {
                    double[] one = new double[batch.size()];
                    one[q] = 1;
                    adjoints.add(RunState.of(gradients.sum(one), replay.rule().memories()));
                }
                queryParts.add(batch.ids());
            }
        }
        long[] trainIds = joined(trainParts, "training set");
        long[] queryIds = joined(queryParts, "set of queries");
        List<Map<Long, Double>> derivatives = new ArrayList<>();
        adjoints.forEach(adjoint -> derivatives.add(new HashMap<>()));
        goBack(adjoints, derivatives);
        double[][] scores = new double[queryIds.length][trainIds.length];
        for (int q = 0; q < scores.length; q++) {
            for (int z = 0; z < trainIds.length; z++) {
                scores[q][z] = -replay.size() * derivatives.get(q).getOrDefault(trainIds[z], 0.0);
            }
        }
        return new InfluenceScores(queryIds, trainIds, scores, Map.of(), new double[0][][], provenance());
    }

    private static long[] joined(List<long[]> parts, String what) {
        long[] ids = parts.stream().flatMapToLong(Arrays::stream).toArray();
        if (ids.length == 0) {
            throw new IllegalArgumentException("the " + what + " is empty");
        }
        return ids;
    }

    /** From the end of the run to its beginning, a stride at a time, which is trained once more to have its states. */
    private void goBack(List<RunState> adjoints, List<Map<Long, Double>> derivatives) {
        int steps = replay.schedule().steps();
        for (int part = kept.size() - 2; part >= 0; part--) {
            RunState state = kept.get(part).copy();
            List<RunState> states = new ArrayList<>();
            List<double[]> gradients = new ArrayList<>();
            for (int step = part * stride; step < Math.min(steps, (part + 1) * stride); step++) {
                states.add(state.copy());
                gradients.add(replay.step(state, id -> 1));
            }
            for (int k = states.size() - 1; k >= 0; k--) {
                goBack(states.get(k), gradients.get(k), adjoints, derivatives);
                progress.progress(BACK, steps - states.get(k).steps, steps);
            }
        }
    }

    private void goBack(
            RunState before, double[] gradient, List<RunState> adjoints, List<Map<Long, Double>> derivatives) {
        int step = before.steps;
        long[] ids = replay.schedule().batch(step);
        BatchGradient captured = replay.captured(step, before.weights);
        for (int q = 0; q < adjoints.size(); q++) {
            RunState adjoint = adjoints.get(q);
            double[] arrived =
                    replay.rule().back(before, gradient, replay.schedule().rate(step), adjoint);
            double[] dots = new double[ids.length];
            captured.addDots(arrived, 1.0 / ids.length, dots);
            for (int e = 0; e < ids.length; e++) {
                derivatives.get(q).merge(ids[e], dots[e], Double::sum);
            }
            double[] curved = replay.hessianProduct(step, before.weights, arrived);
            for (int k = 0; k < curved.length; k++) {
                adjoint.weights[k] += curved[k];
            }
        }
    }

    @Override
    public void close() {
        // states are on the heap, and the model is the host's
    }
}
