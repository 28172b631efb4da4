package io.github.influence4j.api;

import static io.github.influence4j.api.Refusals.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DampingTest {

    @Test
    void absoluteIgnoresTheEigenvaluesAndRelativeMultipliesTheirMean() {
        assertEquals(0.25, Damping.absolute(0.25).resolve(8));
        assertEquals(2, Damping.relative(0.25).resolve(8));
        assertEquals(0.5, Damping.DEFAULT.resolve(5));
        assertEquals(0, Damping.absolute(0).resolve(1));
        assertEquals("0.25", Damping.absolute(0.25).toString());
        assertEquals("0.1 x mean eigenvalue", Damping.DEFAULT.toString());
    }

    @Test
    void badDampingsAreRefused() {
        for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
            refused(() -> Damping.absolute(bad), "found " + bad);
            refused(() -> Damping.relative(bad), "found " + bad);
            refused(() -> new LayerDamping(Map.of("fc", bad)), "layer fc", "found " + bad);
        }
    }

    @Test
    void layersHaveTheirOwnLambda() {
        List<LayerSpec> layers = List.of(LayerSpec.dense("a", 1, 1), LayerSpec.dense("b", 4, 2));
        LayerDamping damping = LayerDamping.of(layers, layer -> 0.5 * layer.inputs());
        assertEquals(0.5, damping.lambda("a"));
        assertEquals(2, damping.lambda("b"));
        refused(() -> damping.lambda("c"), "layer c has no damping", "a", "b");
    }

    @Test
    void layerDampingIsACopy() {
        Map<String, Double> lambdas = new HashMap<>(Map.of("a", 1.0));
        LayerDamping damping = new LayerDamping(lambdas);
        lambdas.put("a", 2.0);
        assertEquals(1, damping.lambda("a"));
        assertThrows(
                UnsupportedOperationException.class, () -> damping.lambdas().put("a", 3.0));
    }
}
