package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import java.util.List;
import java.util.Optional;

/**
 * Gradients of labels that a model draws, as columns of a root of its output Hessian: Σ_k r_k r_kᵀ / draws is the Hessian on
 * average.
 *
 * @param <E> the host's type of an example
 * @param model draws labels
 * @param labels the series of draws, and the first of them
 * @param draws how many
 */
record SampledRoots<E>(GradientProvider<E> model, Objective.SampledLabels labels, int draws)
        implements OutputHessianRoots<E> {

    @Override
    public int outputHessianColumns() {
        return draws;
    }

    @Override
    public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        model.capture(
                batch,
                objective instanceof Objective.OutputHessianRoot root
                        ? new Objective.SampledLabels(labels.seed(), labels.draw() + root.column())
                        : objective,
                wanted,
                sink);
    }

    @Override
    public List<LayerSpec> layers() {
        return model.layers();
    }

    @Override
    public int positions(E example) {
        return model.positions(example);
    }

    @Override
    public long bytesPerPosition() {
        return model.bytesPerPosition();
    }

    @Override
    public Optional<String> fingerprint() {
        return model.fingerprint();
    }

    @Override
    public List<List<String>> sharedInputs() {
        return model.sharedInputs();
    }

    @Override
    public Optional<String> sampledLabels() {
        return model.sampledLabels();
    }
}
