package io.github.influence4j.decoder;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What Adam remembers about all parameters of a transformer.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
final class AdamState<A> {

    private static final int BLOCK = 1 << 14;

    /** Parameters that are updated together. */
    private record Range(int start, int count, boolean decayed) {}

    private static final String WEIGHT = "weight.";
    private static final String MEAN = "mean.";
    private static final String SQUARE = "square.";

    private final MatrixBackend backend;
    private final RowKernels<A> kernels;
    private final RowBlocks<A> blocks;
    private final ParameterLayout layout;
    private final List<Range> ranges = new ArrayList<>();
    private final A mean;
    private final A square;

    AdamState(MatrixBackend backend, RowKernels<A> kernels, ParameterLayout layout) {
        this.backend = backend;
        this.kernels = kernels;
        this.layout = layout;
        this.blocks = new RowBlocks<>(backend, kernels);
        this.mean = kernels.array(layout.size());
        this.square = kernels.array(layout.size());
        for (ParameterLayout.Parameter p : layout.parameters()) {
            for (int start = 0; start < p.size(); start += BLOCK) {
                ranges.add(new Range(p.offset() + start, Math.min(BLOCK, p.size() - start), p.decayed()));
            }
        }
    }

    /** What there is to keep: views of the weights and of what is remembered. */
    Map<String, Matrix> with(ParameterMatrices weights) {
        Map<String, Matrix> all = new LinkedHashMap<>();
        for (ParameterLayout.Parameter p : layout.parameters()) {
            all.put(WEIGHT + p.name(), weights.matrix(p.name()));
            all.put(MEAN + p.name(), kernels.matrix(mean, p.offset(), p.rows(), p.columns()));
            all.put(SQUARE + p.name(), kernels.matrix(square, p.offset(), p.rows(), p.columns()));
        }
        return all;
    }

    /** Of what {@link #with} gives, v of these layers one after the other, before the correction of its bias. */
    static double[] squares(Map<String, Matrix> kept, List<LayerSpec> layers) {
        double[] all = new double
                [layers.stream().mapToInt(layer -> (int) layer.parameters()).sum()];
        int at = 0;
        for (LayerSpec layer : layers) {
            Matrix square = Objects.requireNonNull(kept.get(SQUARE + layer.name()), layer.name());
            square.read(0, square.rows(), all, at);
            at += square.rows() * square.columns();
        }
        return all;
    }

    /** Of what {@link #with} gives, the weights into a model of the same form. */
    static void copyWeights(Map<String, Matrix> kept, Decoder model) {
        for (ParameterLayout.Parameter p : ParameterLayout.of(model.shape()).parameters()) {
            model.backend()
                    .upload(
                            Objects.requireNonNull(kept.get(WEIGHT + p.name()), p.name()),
                            model.parameterMatrices().matrix(p.name()));
        }
    }

    /** Takes up what was kept. */
    void restore(KeptTraining.State kept, ParameterMatrices weights) {
        for (ParameterLayout.Parameter p : layout.parameters()) {
            backend.upload(kept.matrix(WEIGHT + p.name()), weights.matrix(p.name()));
            kernels.read(kept.matrix(MEAN + p.name()), 0, p.rows(), mean, p.offset());
            kernels.read(kept.matrix(SQUARE + p.name()), 0, p.rows(), square, p.offset());
        }
    }

    /**
     * Changes the weights by one step.
     *
     * @param gradients vectors whose sum is the gradient
     */
    void step(AdamStep step, double decay, BackendMatrix weights, List<BackendMatrix> gradients) {
        blocks.forTasks(ranges.size(), (index, scratch) -> {
            Range range = ranges.get(index);
            int count = range.count();
            A w = scratch.array(0, count);
            A g = scratch.array(1, count);
            A part = scratch.array(2, count);
            BackendMatrix target = weights.view(0, 1, range.start(), count);
            kernels.read(target, 0, 1, w);
            kernels.read(gradients.get(0).view(0, 1, range.start(), count), 0, 1, g);
            for (BackendMatrix other : gradients.subList(1, gradients.size())) {
                kernels.read(other.view(0, 1, range.start(), count), 0, 1, part);
                kernels.add(part, 0, g, 0, count);
            }
            kernels.adam(step, count, range.decayed() ? decay : 0, w, g, mean, square, range.start());
            kernels.upload(backend, w, target);
        });
    }
}
