package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.factor.SameModel;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import java.util.List;

/**
 * A model of which only some layers are looked at.
 *
 * @param <E> the host's type of an example
 */
public final class SomeLayers<E> extends SameModel<E> {

    private final List<LayerSpec> layers;

    /**
     * Chooses layers.
     *
     * @param model the model
     * @param layers some of its layers
     */
    public SomeLayers(GradientProvider<E> model, List<LayerSpec> layers) {
        super(model);
        this.layers = List.copyOf(layers);
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public List<List<String>> sharedInputs() {
        return SharedInputs.among(super.sharedInputs(), layers);
    }
}
