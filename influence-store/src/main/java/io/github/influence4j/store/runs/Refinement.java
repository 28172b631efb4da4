package io.github.influence4j.store.runs;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.store.PartedData;
import java.util.List;
import java.util.Optional;

/**
 * A solver that begins with the solution of factors and comes nearer to (G + λ)⁻¹v by iterations, as a run of scores uses it.
 *
 * <p>It needs all layers at once, so the factors of all of them are held, and its vectors in float64.
 *
 * @param description names the method with its options, for the provenance of the scores and to know the run again
 * @param data what the iterations read
 * @param method makes the curvature that solves
 */
public record Refinement(String description, PartedData<?> data, Method method) {

    /** Option of a solver's provenance, kept with the scores: the largest ‖v − (G + λ)x‖ / ‖v‖. */
    static final String RESIDUAL = "largest relative residual";

    /** Makes the curvature that solves. */
    @FunctionalInterface
    public interface Method {

        /**
         * Begins with fitted factors.
         *
         * @param factors the factors; borrowed
         * @param states keeps how far solves have come
         * @return a curvature of the same layers, which owns nothing
         */
        Curvature of(Curvature factors, States states);
    }

    /** The states of solves, in the progress of the run. */
    public interface States {

        /**
         * Finds a state.
         *
         * @param name of the solve
         * @return what was kept last
         */
        Optional<State> find(String name);

        /**
         * Keeps a state in place of the one before it.
         *
         * @param name of the solve, in characters of a file's name
         * @param state the state
         */
        void keep(String name, State state);
    }

    /**
     * How far a solve has come.
     *
     * @param iteration iterations that are done
     * @param vectors what the next one needs
     */
    public record State(int iteration, List<double[]> vectors) {}
}
