package io.github.influence4j.models.transformer;

import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A flat vector of parameters in a backend's memory with views of its matrices: weights, gradients or a direction. */
final class ParameterMatrices implements AutoCloseable {

    private final TransformerShape shape;
    private final BackendMatrix flat;
    private final Map<String, BackendMatrix> views = new HashMap<>();
    private final BackendMatrix[][] maps;
    private final BackendMatrix[][] kernels;

    ParameterMatrices(MatrixBackend backend, TransformerShape shape) {
        this.shape = shape;
        ParameterLayout layout = ParameterLayout.of(shape);
        flat = backend.zeros(1, layout.size());
        for (ParameterLayout.Parameter p : layout.parameters()) {
            views.put(p.name(), flat.view(0, 1, p.offset(), p.size()).reshape(p.rows(), p.columns()));
        }
        int d = shape.width();
        maps = new BackendMatrix[LinearMap.values().length][shape.blocks()];
        kernels = new BackendMatrix[LinearMap.values().length][shape.blocks()];
        for (int l = 0; l < shape.blocks(); l++) {
            int query =
                    layout.parameter(ParameterLayout.name(l, "attention.query")).offset();
            put(LinearMap.QUERY_KEY_VALUE, l, flat.view(0, 1, query, 3 * d * d).reshape(3 * d, d), d);
            put(LinearMap.ATTENTION_OUTPUT, l, matrix(ParameterLayout.name(l, "attention.output")), d);
            put(LinearMap.FC, l, matrix(ParameterLayout.name(l, "mlp.fc")), d);
            put(LinearMap.PROJ, l, matrix(ParameterLayout.name(l, "mlp.proj")), shape.hidden());
        }
        put(LinearMap.HEAD, 0, matrix(shape.tied() ? "embedding" : "head"), d);
    }

    private void put(LinearMap map, int block, BackendMatrix matrix, int inputs) {
        maps[map.ordinal()][block] = matrix;
        kernels[map.ordinal()][block] = matrix.view(0, matrix.rows(), 0, inputs);
    }

    TransformerShape shape() {
        return shape;
    }

    /** All parameters, [1, parameters]. */
    BackendMatrix flat() {
        return flat;
    }

    BackendMatrix matrix(String name) {
        BackendMatrix view = views.get(name);
        if (view == null) {
            throw new IllegalArgumentException("no parameter " + name + " among " + views.keySet());
        }
        return view;
    }

    /** Copies those of some layers. */
    LayerGradients of(List<LayerSpec> layers) {
        return LayerGradients.of(
                layers,
                layers.stream().<Matrix>map(layer -> matrix(layer.name())).toList());
    }

    /** The weights of a linear map, with the bias as the last column; the head is of block 0. */
    BackendMatrix map(LinearMap map, int block) {
        return maps[map.ordinal()][block];
    }

    /** The same without the bias. */
    BackendMatrix kernel(LinearMap map, int block) {
        return kernels[map.ordinal()][block];
    }

    /** The gain, and shift, of a norm: two for each block, and the last one. */
    BackendMatrix norm(int index) {
        if (index == 2 * shape.blocks()) {
            return matrix("norm");
        }
        return matrix(ParameterLayout.name(index / 2, index % 2 == 0 ? "norm1" : "norm2"));
    }

    @Override
    public void close() {
        flat.close();
    }
}
