package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.PerturbableModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Cuts a run into segments: models from their middles, summed learning rates, and what the rule multiplied gradients with. */
final class RunCheckpoints<E> {

    private final TrainingReplay<E> replay;
    private final int segments;
    private final int perSegment;
    private final List<PerturbableModel<E>> models = new ArrayList<>();
    private final double[] rates;
    private final List<double[]> factors = new ArrayList<>();

    RunCheckpoints(TrainingReplay<E> replay, int segments, int perSegment) {
        int steps = replay.schedule().steps();
        if (segments < 1 || perSegment < 1) {
            throw new IllegalArgumentException(
                    "segments and checkpoints of each must be positive, found " + segments + " and " + perSegment);
        }
        long copies = (long) segments * perSegment;
        if (steps < copies) {
            throw new IllegalArgumentException(
                    "training takes " + steps + " steps, too few for " + copies + " checkpoints");
        }
        this.replay = replay;
        this.segments = segments;
        this.perSegment = perSegment;
        this.rates = new double[segments];
    }

    Checkpoints<PerturbableModel<E>> take() {
        boolean done = false;
        try {
            RunState state = replay.begin();
            while (state.steps < replay.schedule().steps()) {
                double rate = replay.schedule().rate(state.steps);
                replay.step(state, id -> 1);
                look(state, rate);
            }
            Checkpoints<PerturbableModel<E>> checkpoints = new Checkpoints<>(cut(), replay.model(state.weights));
            done = true;
            return checkpoints;
        } finally {
            if (!done) {
                models.forEach(PerturbableModel::close);
            }
        }
    }

    private void look(RunState state, double rate) {
        long steps = replay.schedule().steps();
        int copies = segments * perSegment;
        int segment = (int) ((state.steps - 1L) * segments / steps);
        rates[segment] += rate * replay.rule().reach();
        Optional<double[]> own = replay.rule().preconditioner(state);
        if (own.isPresent()) {
            if (factors.size() <= segment) {
                factors.add(new double[state.weights.length]);
            }
            double[] sum = factors.get(segment);
            for (int k = 0; k < sum.length; k++) {
                sum[k] += rate * own.get()[k];
            }
        }
        // the middle of part c lies after (c + ½)/copies of the steps
        if (models.size() < copies && state.steps == Math.max(1, Math.round((models.size() + 0.5) * steps / copies))) {
            models.add(replay.model(state.weights));
        }
    }

    private List<Checkpoints.Segment<PerturbableModel<E>>> cut() {
        List<Checkpoints.Segment<PerturbableModel<E>>> cut = new ArrayList<>();
        for (int s = 0; s < segments; s++) {
            cut.add(new Checkpoints.Segment<>(
                    models.subList(s * perSegment, (s + 1) * perSegment), rates[s], preconditioner(s)));
        }
        return cut;
    }

    private Optional<LayerGradients> preconditioner(int segment) {
        if (factors.isEmpty()) {
            return Optional.empty();
        }
        double[] mean = factors.get(segment);
        for (int k = 0; k < mean.length; k++) {
            mean[k] /= rates[segment];
        }
        return Optional.of(LayerGradients.ofFlat(replay.layers(), mean));
    }
}
