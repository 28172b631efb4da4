package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Self-influence as it is computed: sums over layers in float64, and the part of each layer where it is asked for. */
final class SelfScores {

    private final long[] ids;
    private final double[] total;
    private final double[][] parts;
    private final List<LayerSpec> layers;

    SelfScores(List<LayerSpec> layers, int train, boolean perLayer) {
        this.layers = layers;
        this.ids = new long[train];
        this.total = new double[train];
        this.parts = new double[perLayer ? layers.size() : 0][train];
    }

    /** Notes the examples of a batch. */
    void startBatch(CapturePass.Step step) {
        System.arraycopy(step.ids(), 0, ids, (int) step.firstExample(), step.ids().length);
    }

    /** Adds what an example has at one layer; refuses what is not finite. */
    void add(int layer, int example, double score) {
        if (!Double.isFinite(score)) {
            throw new NumericalException(
                    "layer " + layers.get(layer).name() + ": the self-influence of training example " + ids[example]
                            + " is " + score + ", out of range; scale the loss, or use float64");
        }
        total[example] += score;
        if (parts.length > 0) {
            parts[layer][example] += score;
        }
    }

    long[] ids() {
        return ids;
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
