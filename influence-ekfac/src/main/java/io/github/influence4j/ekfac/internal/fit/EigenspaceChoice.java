package io.github.influence4j.ekfac.internal.fit;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.eigen.Eigenspace;
import io.github.influence4j.ekfac.internal.eigen.EigenspaceBasis;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.internal.factor.LayerCovariance;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Where covariances of a group of layers have equal eigenvalues, the eigenvectors that the second moments of whole gradients, E[GᵀG]
 * and E[GGᵀ], single out. An A that several layers of the group read has the sum of theirs.
 */
public final class EigenspaceChoice {

    /**
     * What became of a covariance with equal eigenvalues.
     *
     * @param covariance the layer, how many directions of how many, of which side
     * @param decided whether gradients tell the directions apart
     */
    public record Note(String covariance, boolean decided) {}

    /** A matrix of eigenvectors with eigenspaces, and the layers that have it. */
    private record Side(
            BlockDiagonal vectors,
            List<Eigenspace> spaces,
            String name,
            List<LayerSpec> layers,
            Function<LayerCovariance, BlockDiagonal> moment) {

        Note note(int undecided) {
            boolean decided = !Eigenspace.matters(undecided, vectors.rows());
            int directions = decided ? Eigenspace.directions(spaces) : undecided;
            return new Note(layers.get(0).name() + ": " + directions + " of " + vectors.rows() + " " + name, decided);
        }
    }

    private final MatrixBackend backend;
    private final List<Side> sides = new ArrayList<>();

    /**
     * Looks for equal eigenvalues.
     *
     * @param backend where the bases lie
     * @param bases of a group of layers
     */
    public EigenspaceChoice(MatrixBackend backend, List<LayerEigenbasis> bases) {
        this.backend = backend;
        for (LayerEigenbasis basis : bases) {
            List<LayerSpec> readers = bases.stream()
                    .filter(other -> other.activationVectors() == basis.activationVectors())
                    .map(LayerEigenbasis::layer)
                    .toList();
            if (readers.get(0).equals(basis.layer())) {
                add(
                        basis.activationVectors(),
                        basis.activationValues(),
                        "inputs",
                        readers,
                        moment -> moment.activation().orElseThrow());
            }
            add(
                    basis.gradientVectors(),
                    basis.gradientValues(),
                    "output gradients",
                    List.of(basis.layer()),
                    LayerCovariance::gradient);
        }
    }

    private void add(
            BlockDiagonal vectors,
            double[] values,
            String name,
            List<LayerSpec> layers,
            Function<LayerCovariance, BlockDiagonal> moment) {
        List<Eigenspace> spaces = Eigenspace.find(vectors, values, backend.precision());
        if (!spaces.isEmpty()) {
            sides.add(new Side(vectors, spaces, name, layers, moment));
        }
    }

    /**
     * Returns the layers whose gradients are asked for.
     *
     * @return none where no covariance has equal eigenvalues
     */
    public List<LayerSpec> layers() {
        Set<LayerSpec> asked = new LinkedHashSet<>();
        sides.forEach(side -> asked.addAll(side.layers()));
        return List.copyOf(asked);
    }

    /**
     * Chooses the eigenvectors, in place.
     *
     * @param moments those of whole gradients of {@link #layers}; changed
     * @return what became of each covariance
     */
    public List<Note> choose(List<LayerCovariance> moments) {
        List<Note> notes = new ArrayList<>();
        for (Side side : sides) {
            List<BlockDiagonal> found = moments.stream()
                    .filter(moment -> side.layers().contains(moment.layer()))
                    .map(side.moment())
                    .toList();
            found.subList(1, found.size()).forEach(other -> add(other, found.get(0)));
            int undecided = EigenspaceBasis.choose(backend, side.vectors(), side.spaces(), found.get(0));
            notes.add(side.note(undecided));
        }
        return notes;
    }

    /**
     * Leaves the eigenvectors as they are.
     *
     * @return what there is to say then
     */
    public List<Note> leave() {
        return sides.stream()
                .map(side -> side.note(Eigenspace.directions(side.spaces())))
                .toList();
    }

    private void add(BlockDiagonal from, BlockDiagonal to) {
        for (int b = 0; b < from.blocks().size(); b++) {
            backend.addScaled(1, from.blocks().get(b), to.blocks().get(b));
        }
    }
}
