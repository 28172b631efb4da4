package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.LayerSpec;

/**
 * Which way is taken at one layer, and why, in words.
 */
public final class LayerPlan {

    private final LayerSpec layer;
    private final String factors;
    private final String rotation;
    private final String queries;
    private final String scoring;

    LayerPlan(LayerSpec layer, String factors, String rotation, String queries, String scoring) {
        this.layer = layer;
        this.factors = factors;
        this.rotation = rotation;
        this.queries = queries;
        this.scoring = scoring;
    }

    /**
     * Returns the layer.
     *
     * @return the layer
     */
    public LayerSpec layer() {
        return layer;
    }

    /**
     * Returns how covariances are split and in which group the layer is fitted.
     *
     * @return how covariances are split and in which group the layer is fitted
     */
    public String factors() {
        return factors;
    }

    /**
     * Returns how rotated gradients are formed.
     *
     * @return how rotated gradients are formed
     */
    public String rotation() {
        return rotation;
    }

    /**
     * Returns how preconditioned queries are held.
     *
     * @return how preconditioned queries are held
     */
    public String queries() {
        return queries;
    }

    /**
     * Returns how training examples are scored against them.
     *
     * @return how training examples are scored against them
     */
    public String scoring() {
        return scoring;
    }

    @Override
    public String toString() {
        return "LayerPlan[layer=" + layer + ", factors=" + factors + ", rotation=" + rotation + ", queries=" + queries
                + ", scoring=" + scoring + "]";
    }
}
