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
import java.util.function.Function;

/** The eigenbasis of a layer, and how many real positions it is of, as matrices by name, and back. */
public final class KeptBasis {

    private static final String ACTIVATION = "activation";
    private static final String GRADIENT = "gradient";
    private static final String VALUES = "/eigenvalues";
    private static final String POSITIONS = "positions";

    private KeptBasis() {}

    /**
     * Lists the matrices of a basis, without Q_A where the piece of another layer has it.
     *
     * @param basis the basis
     * @param ownInput whether no layer before it reads its input
     * @param positions real positions that it is of
     * @return views, as long as the basis is open
     */
    public static Map<String, Matrix> matrices(LayerEigenbasis basis, boolean ownInput, long positions) {
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

    /**
     * Says how many real positions a basis is of.
     *
     * @param piece what {@link #matrices} listed
     * @return positions
     */
    public static long positions(KeptFit.Piece piece) {
        double[] positions = new double[1];
        piece.matrix(POSITIONS).read(0, 1, positions, 0);
        return (long) positions[0];
    }

    /** Returns the basis in the memory of a backend; the caller closes it. */
    static LayerEigenbasis restore(
            MatrixBackend backend, LayerSpec layer, int blocks, Optional<LayerEigenbasis> source, KeptFit.Piece piece) {
        return restore(layer, blocks, source, piece, matrix -> backend.copyOf(matrix, backend.precision()));
    }

    /**
     * Returns a basis, with the Q_A of a layer that reads the same input where there is one.
     *
     * @param layer the layer
     * @param blocks O, diagonal blocks of each covariance
     * @param source the basis of the first layer that reads the same input; empty where that is this one
     * @param piece what {@link #matrices} listed
     * @param place where a matrix is to lie
     * @return the basis, which the caller closes
     */
    public static LayerEigenbasis restore(
            LayerSpec layer,
            int blocks,
            Optional<LayerEigenbasis> source,
            KeptFit.Piece piece,
            Function<Matrix, BackendMatrix> place) {
        if (source.isPresent()) {
            return restore(
                    layer,
                    blocks,
                    source.get().activationVectors(),
                    source.get().activationValues(),
                    piece,
                    place);
        }
        BlockDiagonal activation = vectors(place, piece, ACTIVATION, layer.gradientColumns(), blocks);
        try {
            double[] values = values(piece, ACTIVATION, layer.gradientColumns());
            return restore(layer, blocks, activation, values, piece, place);
        } catch (RuntimeException | Error e) {
            activation.close();
            throw e;
        }
    }

    private static LayerEigenbasis restore(
            LayerSpec layer,
            int blocks,
            BlockDiagonal activation,
            double[] activationValues,
            KeptFit.Piece piece,
            Function<Matrix, BackendMatrix> place) {
        double[] values = values(piece, GRADIENT, layer.outputs());
        return new LayerEigenbasis(
                layer, activation, activationValues, vectors(place, piece, GRADIENT, layer.outputs(), blocks), values);
    }

    private static double[] values(KeptFit.Piece piece, String name, int count) {
        double[] values = new double[count];
        piece.matrix(name + VALUES).read(0, 1, values, 0);
        return values;
    }

    private static BlockDiagonal vectors(
            Function<Matrix, BackendMatrix> place, KeptFit.Piece piece, String name, int order, int blocks) {
        List<BackendMatrix> parts = new ArrayList<>();
        try {
            for (int k = 0; k < BlockDiagonal.sizes(order, blocks).length; k++) {
                parts.add(place.apply(piece.matrix(name + "/" + k)));
            }
            return BlockDiagonal.of(parts);
        } catch (RuntimeException | Error e) {
            parts.forEach(BackendMatrix::close);
            throw e;
        }
    }
}
