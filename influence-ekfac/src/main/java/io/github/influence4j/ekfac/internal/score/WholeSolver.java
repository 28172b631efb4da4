package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import java.util.List;
import java.util.function.Consumer;

/**
 * A solver that is in memory for all layers, as one group.
 *
 * @param solver the solver; borrowed
 */
public record WholeSolver(IhvpSolver solver) implements SolverGroups {

    @Override
    public List<List<LayerSpec>> groups() {
        return List.of(solver.layers());
    }

    @Override
    public void with(int group, Consumer<IhvpSolver> work) {
        work.accept(solver);
    }

    @Override
    public Provenance provenance() {
        return solver.provenance();
    }
}
