package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import java.util.List;
import java.util.Optional;

/**
 * A model that hands everything on to another; what differs is overridden, so that nothing of the model is forgotten.
 *
 * @param <E> the host's type of an example
 */
public abstract class SameModel<E> implements GradientProvider<E> {

    private final GradientProvider<E> model;

    /**
     * Wraps a model.
     *
     * @param model the model
     */
    protected SameModel(GradientProvider<E> model) {
        this.model = model;
    }

    @Override
    public List<LayerSpec> layers() {
        return model.layers();
    }

    @Override
    public List<List<String>> sharedInputs() {
        return model.sharedInputs();
    }

    @Override
    public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        model.capture(batch, objective, wanted, sink);
    }

    @Override
    public int positions(E example) {
        return model.positions(example);
    }

    @Override
    public Optional<String> sampledLabels() {
        return model.sampledLabels();
    }

    @Override
    public long bytesPerPosition() {
        return model.bytesPerPosition();
    }

    @Override
    public Optional<String> fingerprint() {
        return model.fingerprint();
    }
}
