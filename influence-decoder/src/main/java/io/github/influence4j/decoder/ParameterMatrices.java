package io.github.influence4j.decoder;

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

    private final DecoderShape shape;
    private final LayerNames names;
    private final BackendMatrix flat;
    private final Map<String, BackendMatrix> views = new HashMap<>();
    private final BackendMatrix[][] maps;
    private final BackendMatrix[][] kernels;

    ParameterMatrices(MatrixBackend backend, DecoderShape shape) {
        this.shape = shape;
        names = new LayerNames(shape);
        ParameterLayout layout = ParameterLayout.of(shape);
        flat = backend.zeros(1, layout.size());
        for (ParameterLayout.Parameter p : layout.parameters()) {
            views.put(p.name(), flat.view(0, 1, p.offset(), p.size()).reshape(p.rows(), p.columns()));
        }
        maps = new BackendMatrix[LinearMap.values().length][shape.blocks()];
        kernels = new BackendMatrix[LinearMap.values().length][shape.blocks()];
        for (LinearMap map : LinearMap.values()) {
            for (int l = 0; l < (map == LinearMap.HEAD ? 1 : shape.blocks()); l++) {
                String first = names.parts(map, l).get(0).name();
                int rows = map.outputs(shape);
                int columns = map.columns(shape);
                BackendMatrix matrix = flat.view(0, 1, layout.parameter(first).offset(), rows * columns)
                        .reshape(rows, columns);
                maps[map.ordinal()][l] = matrix;
                kernels[map.ordinal()][l] = matrix.view(0, rows, 0, map.inputs(shape));
            }
        }
    }

    DecoderShape shape() {
        return shape;
    }

    LayerNames names() {
        return names;
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

    BackendMatrix embedding() {
        return matrix(names.embedding());
    }

    @Override
    public void close() {
        flat.close();
    }
}
