package io.github.influence4j.djl;

import ai.djl.ndarray.NDList;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/** Stands where a linear block stood, runs that, and adds a probe. */
final class ProbedLinear extends Linear {

    private final Linear original;
    private final Probes probes;

    ProbedLinear(Linear original, Probes probes) {
        super(Linear.builder().setUnits(1));
        this.original = original;
        this.probes = probes;
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, @Nullable PairList<String, Object> options) {
        return probes.pass(
                inputs.singletonOrThrow(),
                original.forward(parameters, inputs, training).singletonOrThrow());
    }
}
