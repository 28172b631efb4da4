package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.eigen.RotationCost;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.linalg.WorkSizes;
import java.util.List;
import java.util.Optional;

/** The damped inverse of an approximate curvature, P⁻¹, or the identity. */
final class Preconditioner implements AutoCloseable {

    private final Optional<IhvpSolver> solver;
    private final List<LayerSpec> layers;

    private Preconditioner(Optional<IhvpSolver> solver, List<LayerSpec> layers) {
        this.solver = solver;
        this.layers = layers;
    }

    static Preconditioner of(Optional<Curvature> curvature, List<LayerSpec> layers, LayerDamping damping) {
        return new Preconditioner(curvature.map(c -> c.solver(damping)), layers);
    }

    /** P⁻¹v of each vector; new arrays, or the vectors themselves where P is the identity. */
    double[][] apply(double[]... vectors) {
        if (solver.isEmpty()) {
            return vectors;
        }
        return Vectors.flat(
                layers, solver.get().solveAll(Vectors.wrapped(layers, vectors)), "the preconditioner's solution");
    }

    /** Flops of {@link #apply}; those of preconditioners without an eigenbasis are not known and count as 0. */
    double flops(int vectors) {
        double flops = 0;
        if (solver.isPresent() && solver.get() instanceof EigenbasisSolver eigenbasis) {
            for (int l = 0; l < layers.size(); l++) {
                flops += layers.get(l).parameters();
                if (eigenbasis.rotates(l)) {
                    int blocks = eigenbasis.basis(l).orElseThrow().blocks();
                    flops += 2 * new RotationCost(layers.get(l), 1, blocks, WorkSizes.PROCESSOR).rotateGradient();
                }
            }
        }
        return vectors * flops;
    }

    @Override
    public void close() {
        solver.ifPresent(IhvpSolver::close);
    }
}
