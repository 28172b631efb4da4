package io.github.influence4j.ekfac;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import java.util.List;
import java.util.function.Consumer;

/** A model that tells what it is asked for. */
record RecordedObjectives<E>(GradientProvider<E> model, Consumer<Objective> told) implements GradientProvider<E> {

    @Override
    public List<LayerSpec> layers() {
        return model.layers();
    }

    @Override
    public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        told.accept(objective);
        model.capture(batch, objective, layers, sink);
    }
}
