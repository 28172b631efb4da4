package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import java.util.List;
import java.util.function.Consumer;

/**
 * The inverse curvature of a model in groups of layers, of which one is in memory at a time. Queries are preconditioned group by
 * group; after that no inverse is needed to score them.
 */
public interface SolverGroups {

    /**
     * Returns the groups.
     *
     * @return layers in the model's order, divided
     */
    List<List<LayerSpec>> groups();

    /**
     * Brings a group into memory for as long as something needs it.
     *
     * @param group index of the group
     * @param work is given the solver of its layers
     */
    void with(int group, Consumer<IhvpSolver> work);

    /**
     * Returns how the curvature was made.
     *
     * @return the provenance
     */
    Provenance provenance();
}
