package io.github.influence4j.djl;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.core.Linear;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runs a block that it reaches through a function, where nobody can put a probe. */
final class HiddenUse extends AbstractBlock {

    private final Supplier<Linear> hidden;

    HiddenUse(Supplier<Linear> hidden) {
        super((byte) 1);
        this.hidden = hidden;
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, @Nullable PairList<String, Object> options) {
        return hidden.get().forward(parameters, inputs, training);
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        return inputs;
    }
}
