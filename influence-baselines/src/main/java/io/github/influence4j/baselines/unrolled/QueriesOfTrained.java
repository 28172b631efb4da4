package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.internal.factor.SameModel;
import java.util.List;
import java.util.Optional;

/** Queries as the trained model sees them, everything else as a checkpoint does. */
final class QueriesOfTrained<E> extends SameModel<E> {

    private final GradientProvider<E> trained;

    QueriesOfTrained(GradientProvider<E> trained, GradientProvider<E> checkpoint) {
        super(checkpoint);
        this.trained = trained;
    }

    @Override
    public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        if (objective instanceof Objective.Measurement) {
            trained.capture(batch, objective, layers, sink);
        } else {
            super.capture(batch, objective, layers, sink);
        }
    }

    @Override
    public Optional<String> fingerprint() {
        return trained.fingerprint();
    }
}
