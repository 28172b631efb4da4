package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import java.util.List;
import java.util.Optional;

/**
 * A model of which only some layers are looked at.
 *
 * @param model the model
 * @param layers some of its layers
 */
public record SomeLayers<E>(GradientProvider<E> model, List<LayerSpec> layers) implements GradientProvider<E> {

    /** Copies the list. */
    public SomeLayers {
        layers = List.copyOf(layers);
    }

    @Override
    public List<List<String>> sharedInputs() {
        return SharedInputs.among(model.sharedInputs(), layers);
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
