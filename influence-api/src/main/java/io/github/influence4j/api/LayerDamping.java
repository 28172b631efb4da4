package io.github.influence4j.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * One λ for each layer: a {@link Damping} that has been resolved, to be shared by the estimators that are compared.
 *
 * @param lambdas λ by the layer's name
 */
public record LayerDamping(Map<String, Double> lambdas) {

    /**
     * Copies and checks the values.
     *
     * @throws IllegalArgumentException if a λ is negative, NaN or infinite, naming its layer
     */
    public LayerDamping {
        lambdas.forEach((layer, lambda) -> {
            if (!(lambda >= 0) || lambda == Double.POSITIVE_INFINITY) {
                throw new IllegalArgumentException(
                        "layer " + layer + ": damping must be a finite number that is not negative, found " + lambda);
            }
        });
        // a copy in the same order, so that the provenance reads the same in every run
        lambdas = Collections.unmodifiableMap(new LinkedHashMap<>(lambdas));
    }

    /**
     * Computes λ for each layer.
     *
     * @param layers the layers
     * @param lambda gives a layer's λ
     * @return the λ of all layers
     * @throws IllegalArgumentException if a λ is negative, NaN or infinite
     */
    public static LayerDamping of(List<LayerSpec> layers, ToDoubleFunction<LayerSpec> lambda) {
        Map<String, Double> lambdas = new LinkedHashMap<>();
        for (LayerSpec layer : layers) {
            lambdas.put(layer.name(), lambda.applyAsDouble(layer));
        }
        return new LayerDamping(lambdas);
    }

    /**
     * Returns the λ of a layer.
     *
     * @param layer name of the layer
     * @return λ
     * @throws IllegalArgumentException if the layer has none
     */
    public double lambda(String layer) {
        Double lambda = lambdas.get(layer);
        if (lambda == null) {
            throw new IllegalArgumentException(
                    "layer " + layer + " has no damping; there is one for " + lambdas.keySet());
        }
        return lambda;
    }
}
