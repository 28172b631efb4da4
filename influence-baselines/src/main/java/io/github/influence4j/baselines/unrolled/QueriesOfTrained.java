package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import java.util.List;
import java.util.Optional;

/** Queries as the trained model sees them, everything else as a checkpoint does. */
record QueriesOfTrained<E>(GradientProvider<E> trained, GradientProvider<E> checkpoint) implements GradientProvider<E> {

    @Override
    public List<LayerSpec> layers() {
        return trained.layers();
    }

    @Override
    public List<List<String>> sharedInputs() {
        return checkpoint.sharedInputs();
    }

    @Override
    public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        GradientProvider<E> model = objective instanceof Objective.Measurement ? trained : checkpoint;
        model.capture(batch, objective, layers, sink);
    }

    @Override
    public int positions(E example) {
        return trained.positions(example);
    }

    @Override
    public long bytesPerPosition() {
        return checkpoint.bytesPerPosition();
    }

    @Override
    public Optional<String> fingerprint() {
        return trained.fingerprint();
    }
}
