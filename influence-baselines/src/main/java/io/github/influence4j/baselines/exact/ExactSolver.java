package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Provenance;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Solves (G + diag(λ)) x = v with factors that are made once. Close it before its {@link ExactCurvature}; safe for use by
 * several threads.
 */
public final class ExactSolver implements IhvpSolver {

    private final List<LayerSpec> layers;
    private final List<BlockSolver> solvers;
    private final int[] offsets;
    private final double heldBytes;
    private final LayerDamping damping;
    private final Provenance provenance;

    ExactSolver(
            List<LayerSpec> layers,
            List<GaussNewtonBlock> blocks,
            List<BlockSolver> solvers,
            LayerDamping damping,
            Provenance provenance) {
        this.layers = layers;
        this.solvers = solvers;
        this.heldBytes =
                blocks.stream().mapToDouble(GaussNewtonBlock::heldBytes).sum();
        this.offsets = new int[blocks.size()];
        for (int b = 1; b < offsets.length; b++) {
            offsets[b] = offsets[b - 1]
                    + Math.toIntExact(
                            GaussNewtonBlock.parameters(blocks.get(b - 1).layers()));
        }
        this.damping = damping;
        this.provenance = provenance;
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public LayerGradients solve(LayerGradients vector) {
        return solveAll(List.of(vector)).get(0);
    }

    /** {@inheritDoc} Needs fewer passes over the factor than one by one. */
    @Override
    public List<LayerGradients> solveAll(List<LayerGradients> vectors) {
        if (vectors.isEmpty()) {
            return List.of();
        }
        double[][] flat = new double[vectors.size()][];
        for (int j = 0; j < flat.length; j++) {
            vectors.get(j).requireLayers(layers);
            flat[j] = vectors.get(j).toFlat();
            requireFinite(flat[j]);
        }
        for (int b = 0; b < offsets.length; b++) {
            solvers.get(b).solve(flat, offsets[b]);
        }
        List<LayerGradients> solutions = new ArrayList<>();
        for (double[] solution : flat) {
            solutions.add(LayerGradients.ofFlat(layers, solution));
        }
        return solutions;
    }

    private void requireFinite(double[] flat) {
        int start = 0;
        for (LayerSpec layer : layers) {
            int columns = layer.gradientColumns();
            for (int k = 0; k < layer.parameters(); k++) {
                double value = flat[start + k];
                if (!Double.isFinite(value)) {
                    throw new NumericalException("layer " + layer.name() + ": the vector is " + value + " at ["
                            + k / columns + ", " + k % columns + "]");
                }
            }
            start += (int) layer.parameters();
        }
    }

    @Override
    public LayerDamping damping() {
        return damping;
    }

    @Override
    public Provenance provenance() {
        return provenance;
    }

    /** {@inheritDoc} The factor, and what it is formed from. */
    @Override
    public OptionalDouble heldBytes(int rightHandSides) {
        return OptionalDouble.of(heldBytes);
    }

    @Override
    public void close() {
        solvers.forEach(BlockSolver::close);
    }
}
