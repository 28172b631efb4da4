package io.github.influence4j.examples.language;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.ekfac.internal.factor.SameModel;
import java.util.List;

/**
 * One layer of a model whose output Hessian is replaced by draws of labels: column k of its root is the gradient with labels
 * of the k-th draw. The mean of g gᵀ over draws is the Gauss-Newton matrix in expectation; a language model has too many
 * columns (vocabulary × positions) for the matrix itself. With K draws the sum over columns is K times too large, and so must
 * the damping be.
 *
 * @param <E> the model's type of an example
 */
final class SampledRoots<E> extends SameModel<E> implements OutputHessianRoots<E> {

    private final LayerSpec layer;
    private final int draws;
    private final long seed;

    SampledRoots(GradientProvider<E> model, LayerSpec layer, int draws, long seed) {
        super(model);
        this.layer = layer;
        this.draws = draws;
        this.seed = seed;
    }

    @Override
    public List<LayerSpec> layers() {
        return List.of(layer);
    }

    @Override
    public List<List<String>> sharedInputs() {
        return List.of();
    }

    @Override
    public int outputHessianColumns() {
        return draws;
    }

    @Override
    public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        Objective drawn = objective instanceof Objective.OutputHessianRoot root
                ? new Objective.SampledLabels(seed, root.column())
                : objective;
        super.capture(batch, drawn, wanted, sink);
    }
}
