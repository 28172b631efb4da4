package io.github.influence4j.ekfac.internal.fit;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The eigenbasis of a layer, and how many real positions it is of, as matrices by name, and back. */
final class KeptBasis {

    private static final String ACTIVATION = "activation";
    private static final String GRADIENT = "gradient";
    private static final String VALUES = "/eigenvalues";
    private static final String POSITIONS = "positions";

    private KeptBasis() {}

    /** Without Q_A where the piece of another layer has it. */
    static Map<String, Matrix> matrices(LayerEigenbasis basis, boolean ownInput, long positions) {
        Map<String, Matrix> matrices = new LinkedHashMap<>();
        if (ownInput) {
            add(matrices, ACTIVATION, basis.activationVectors(), basis.activationValues());
        }
        add(matrices, GRADIENT, basis.gradientVectors(), basis.gradientValues());
        matrices.put(POSITIONS, Matrix.of(new double[] {positions}, 1, 1));
        return matrices;
    }

    private static void add(Map<String, Matrix> matrices, String name, BlockDiagonal vectors, double[] values) {
        for (int k = 0; k < vectors.blocks().size(); k++) {
            matrices.put(name + "/" + k, vectors.blocks().get(k));
        }
        matrices.put(name + VALUES, Matrix.of(values, 1, values.length));
    }

    static long positions(KeptFit.Piece piece) {
        double[] positions = new double[1];
        piece.matrix(POSITIONS).read(0, 1, positions, 0);
        return (long) positions[0];
    }

    /** Returns the basis, with the Q_A of a layer that reads the same input where there is one; the caller closes it. */
    static LayerEigenbasis restore(
            MatrixBackend backend, LayerSpec layer, int blocks, Optional<LayerEigenbasis> source, KeptFit.Piece piece) {
        if (source.isPresent()) {
            return restore(
                    backend,
                    layer,
                    blocks,
                    source.get().activationVectors(),
                    source.get().activationValues(),
                    piece);
        }
        BlockDiagonal activation = vectors(backend, piece, ACTIVATION, layer.gradientColumns(), blocks);
        try {
            double[] values = values(piece, ACTIVATION, layer.gradientColumns());
            return restore(backend, layer, blocks, activation, values, piece);
        } catch (RuntimeException | Error e) {
            activation.close();
            throw e;
        }
    }

    private static LayerEigenbasis restore(
            MatrixBackend backend,
            LayerSpec layer,
            int blocks,
            BlockDiagonal activation,
            double[] activationValues,
            KeptFit.Piece piece) {
        double[] values = values(piece, GRADIENT, layer.outputs());
        return new LayerEigenbasis(
                layer,
                activation,
                activationValues,
                vectors(backend, piece, GRADIENT, layer.outputs(), blocks),
                values);
    }

    private static double[] values(KeptFit.Piece piece, String name, int count) {
        double[] values = new double[count];
        piece.matrix(name + VALUES).read(0, 1, values, 0);
        return values;
    }

    private static BlockDiagonal vectors(
            MatrixBackend backend, KeptFit.Piece piece, String name, int order, int blocks) {
        List<BackendMatrix> parts = new ArrayList<>();
        try {
            for (int k = 0; k < BlockDiagonal.sizes(order, blocks).length; k++) {
                parts.add(backend.copyOf(piece.matrix(name + "/" + k), backend.precision()));
            }
            return BlockDiagonal.of(parts);
        } catch (RuntimeException | Error e) {
            parts.forEach(BackendMatrix::close);
            throw e;
        }
    }
}
