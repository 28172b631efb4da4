package io.github.influence4j.ekfac.internal.score;

/** How ⟨V_q, G_z⟩ is computed for Q queries V_q and an example with t positions. All ways give the same numbers. */
public enum Path {
    /** Whichever takes less time in the layer at hand, see {@link ScoringCost}; projections where scores per token are asked for. */
    CHEAPEST,
    /**
     * Σ_p g_pᵀ(V_q ā_p) with all V_q in one product: 2t·i·o·Q flops, never forms G_z. Queries of rank r stay factored:
     * 2t·r(i + o + 1)·Q flops.
     */
    PROJECTION,
    /**
     * Forms G_z, then one product with all V_q: 2t·i·o + 2i·o·Q flops. Queries of rank r are multiplied out where the memory
     * limit allows it.
     */
    GRADIENT
}
