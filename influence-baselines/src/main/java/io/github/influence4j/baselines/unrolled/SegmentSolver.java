package io.github.influence4j.baselines.unrolled;

import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import java.util.List;

/**
 * What a query's gradient becomes when it is carried back through the later segments into this one: v ↦ F_r S̄_{ℓ+1} … S̄_L v.
 *
 * <p>Safe for use by several threads. Borrows its factors.
 */
final class SegmentSolver implements IhvpSolver {

    private final List<EigenbasisSolver> factors;
    private final Provenance provenance;

    /** With at least one factor, in the order in which they are applied. */
    SegmentSolver(List<EigenbasisSolver> factors, Provenance provenance) {
        this.factors = List.copyOf(factors);
        this.provenance = provenance;
    }

    @Override
    public List<LayerSpec> layers() {
        return factors.get(0).layers();
    }

    @Override
    public LayerGradients solve(LayerGradients vector) {
        return solveAll(List.of(vector)).get(0);
    }

    @Override
    public List<LayerGradients> solveAll(List<LayerGradients> vectors) {
        List<LayerGradients> carried = vectors;
        for (EigenbasisSolver factor : factors) {
            carried = factor.solveAll(carried);
        }
        return carried;
    }

    @Override
    public LayerDamping damping() {
        return factors.get(0).damping();
    }

    @Override
    public Provenance provenance() {
        return provenance;
    }

    @Override
    public void close() {}
}
