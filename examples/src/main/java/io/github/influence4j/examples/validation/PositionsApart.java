package io.github.influence4j.examples.validation;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model each position of whose examples is an example of its own: EK-FAC's eigenvalues become Λ = mean over the examples of Σ_p (g'_p a'_pᵀ)∘²
 * in place of (Σ_p g'_p a'_pᵀ)∘², as if positions were independent. Gradients are multiplied with √t, so that the mean over positions has the
 * scale of one over examples. Eigenvectors stay as they are. For equally long examples, and for fitting only.
 *
 * @param <E> type of the model's examples
 */
final class PositionsApart<E> implements OutputHessianRoots<PositionsApart.Position<E>> {

    private final OutputHessianRoots<E> model;

    PositionsApart(OutputHessianRoots<E> model) {
        this.model = model;
    }

    /** Position p of an example with its index. */
    record Position<E>(int index, E example, int p) {}

    /** All positions of all examples. */
    static <E> ExampleSource<Position<E>> of(ExampleSource<E> examples, int positions) {
        List<Position<E>> all = new ArrayList<>();
        for (ExampleBatch<E> batch : examples.batches(64)) {
            for (E example : batch.examples()) {
                int index = all.size() / positions;
                for (int p = 0; p < positions; p++) {
                    all.add(new Position<>(index, example, p));
                }
            }
        }
        return ExampleSource.of(all);
    }

    @Override
    public List<LayerSpec> layers() {
        return model.layers();
    }

    @Override
    public int outputHessianColumns() {
        return model.outputHessianColumns();
    }

    @Override
    public Optional<String> fingerprint() {
        return model.fingerprint();
    }

    @Override
    public void capture(
            ExampleBatch<Position<E>> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        if (!(objective instanceof Objective.OutputHessianRoot)) {
            throw new UnsupportedOperationException(
                    "positions apart are for the exact output Hessian, not " + objective);
        }
        Map<Integer, Integer> rows = new LinkedHashMap<>();
        List<E> examples = new ArrayList<>();
        for (Position<E> position : batch.examples()) {
            if (rows.putIfAbsent(position.index(), examples.size()) == null) {
                examples.add(position.example());
            }
        }
        long[] ids = rows.keySet().stream().mapToLong(index -> index).toArray();
        model.capture(new ExampleBatch<>(examples, ids), objective, layers, capture -> {
            int t = capture.positions();
            double[][] activations = capture.activations().toArray();
            double[][] gradients = capture.outputGradients().toArray();
            double[][] a = new double[batch.size()][];
            double[][] g = new double[batch.size()][];
            for (int k = 0; k < batch.size(); k++) {
                Position<E> position = batch.examples().get(k);
                int row = rows.getOrDefault(position.index(), 0) * t + position.p();
                a[k] = activations[row];
                g[k] = new double[gradients[row].length];
                for (int o = 0; o < g[k].length; o++) {
                    g[k][o] = Math.sqrt(t) * gradients[row][o];
                }
            }
            sink.accept(LayerCapture.of(capture.layer(), Matrix.of(a), Matrix.of(g)));
        });
    }
}
