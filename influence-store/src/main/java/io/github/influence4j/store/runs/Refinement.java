package io.github.influence4j.store.runs;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.KeptSolves;
import io.github.influence4j.store.PartedData;

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

    /** Makes the curvature that solves. */
    @FunctionalInterface
    public interface Method {

        /**
         * Begins with fitted factors.
         *
         * @param factors the factors; borrowed
         * @param kept keeps how far solves have come
         * @return a curvature of the same layers, which owns nothing
         */
        Curvature of(Curvature factors, KeptSolves kept);
    }
}
