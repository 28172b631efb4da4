package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a query's gradient becomes when it is carried back through the later segments into this one: v ↦ F_r S̄_{ℓ+1} … S̄_L v. Where
 * segments have a preconditioner P, S̄ is P^(−1/2) S̄ P^(1/2) and F_r is F_r P^(1/2), for training gradients times P^(1/2).
 *
 * <p>Safe for use by several threads. Borrows its factors.
 */
final class SegmentSolver implements IhvpSolver {

    private final List<Factor> factors;
    private final Provenance provenance;

    /**
     * A function of a segment's curvature.
     *
     * @param solver in the coordinates in which the segment's steps are plain
     * @param root P^(1/2), which goes there
     * @param returns whether the result comes back from there, divided by the root; what no step moved stays as it is
     */
    record Factor(EigenbasisSolver solver, Optional<LayerGradients> root, boolean returns) {

        List<LayerGradients> apply(List<LayerGradients> vectors) {
            if (root.isEmpty()) {
                return solver.solveAll(vectors);
            }
            double[] roots = root.get().toFlat();
            List<double[]> plain = vectors.stream().map(LayerGradients::toFlat).toList();
            List<LayerGradients> solved = solver.solveAll(
                    plain.stream().map(vector -> times(vector, roots)).toList());
            return returns
                    ? IntStream.range(0, plain.size())
                            .mapToObj(k -> back(plain.get(k), solved.get(k).toFlat(), roots))
                            .toList()
                    : solved;
        }

        private LayerGradients times(double[] vector, double[] roots) {
            double[] result = new double[roots.length];
            Arrays.setAll(result, k -> vector[k] * roots[k]);
            return LayerGradients.ofFlat(solver.layers(), result);
        }

        private LayerGradients back(double[] before, double[] solved, double[] roots) {
            double[] result = new double[roots.length];
            Arrays.setAll(result, k -> roots[k] > 0 ? solved[k] / roots[k] : before[k]);
            return LayerGradients.ofFlat(solver.layers(), result);
        }
    }

    /** With at least one factor, in the order in which they are applied. */
    SegmentSolver(List<Factor> factors, Provenance provenance) {
        this.factors = List.copyOf(factors);
        this.provenance = provenance;
    }

    @Override
    public List<LayerSpec> layers() {
        return factors.get(0).solver().layers();
    }

    @Override
    public LayerGradients solve(LayerGradients vector) {
        return solveAll(List.of(vector)).get(0);
    }

    @Override
    public List<LayerGradients> solveAll(List<LayerGradients> vectors) {
        List<LayerGradients> carried = vectors;
        for (Factor factor : factors) {
            carried = factor.apply(carried);
        }
        return carried;
    }

    @Override
    public LayerDamping damping() {
        return factors.get(0).solver().damping();
    }

    @Override
    public Provenance provenance() {
        return provenance;
    }

    @Override
    public void close() {}
}
