package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.LayerSpec;

/**
 * Which way is taken at one layer, and why, in words.
 *
 * @param layer the layer
 * @param factors how covariances are split and in which group the layer is fitted
 * @param rotation how rotated gradients are formed
 * @param queries how preconditioned queries are held
 * @param scoring how training examples are scored against them
 */
public record LayerPlan(LayerSpec layer, String factors, String rotation, String queries, String scoring) {}
