package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.LayerSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Self-influence as it is computed: sums over layers in float64, and the part of each layer where it is asked for. */
final class SelfScores {

    private final double[] total;
    private final double[][] parts;
    private final List<LayerSpec> layers;

    SelfScores(List<LayerSpec> layers, int train, boolean perLayer) {
        this.layers = layers;
        this.total = new double[train];
        this.parts = new double[perLayer ? layers.size() : 0][train];
    }

    /** Adds what an example has at one layer. */
    void add(int layer, int example, double score) {
        total[example] += score;
        if (parts.length > 0) {
            parts[layer][example] += score;
        }
    }

    double[] total() {
        return total;
    }

    Map<String, double[]> perLayer() {
        Map<String, double[]> named = new LinkedHashMap<>();
        for (int l = 0; l < parts.length; l++) {
            named.put(layers.get(l).name(), parts[l]);
        }
        return named;
    }
}
