package io.github.influence4j.djl;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/** Stands where a convolution stood, runs that, and adds a probe. */
final class ProbedConv2d extends Conv2d {

    private final Conv2d original;
    private final Probes probes;

    ProbedConv2d(Conv2d original, Probes probes) {
        super(Conv2d.builder().setFilters(1).setKernelShape(new Shape(1, 1)));
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
