package io.github.influence4j.models.transformer;

import io.github.influence4j.api.LayerSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The layers of a transformer that influence is computed for, in the order of the model. */
final class TrackedLayers {

    /**
     * One layer.
     *
     * @param spec what the estimators see
     * @param map the linear map it is, or is a part of
     * @param block its block
     * @param firstOutput index of its first output among the map's
     */
    record TrackedLayer(LayerSpec spec, LinearMap map, int block, int firstOutput) {
        /** The stage of the backward pass that visits it. */
        int stage(int blocks) {
            return switch (map) {
                case HEAD -> 2 * blocks;
                case FC, PROJ -> 2 * block + 1;
                case QUERY_KEY_VALUE, ATTENTION_OUTPUT -> 2 * block;
            };
        }
    }

    private final List<TrackedLayer> layers = new ArrayList<>();
    private final List<LayerSpec> specs;

    TrackedLayers(TransformerShape shape, Set<Tracked> tracked) {
        if (tracked.isEmpty()) {
            throw new IllegalArgumentException("at least one kind of layer must be tracked");
        }
        if (shape.tied() && tracked.contains(Tracked.HEAD)) {
            throw new IllegalArgumentException("a head that is tied to the embedding cannot be tracked");
        }
        int d = shape.width();
        for (int l = 0; l < shape.blocks(); l++) {
            if (tracked.contains(Tracked.ATTENTION)) {
                for (int k = 0; k < LinearMap.PROJECTIONS.size(); k++) {
                    String name = ParameterLayout.name(l, "attention." + LinearMap.PROJECTIONS.get(k));
                    add(LayerSpec.tokens(name, d, d).withoutBias(), LinearMap.QUERY_KEY_VALUE, l, k * d);
                }
                String output = ParameterLayout.name(l, "attention.output");
                add(LayerSpec.tokens(output, d, d).withoutBias(), LinearMap.ATTENTION_OUTPUT, l, 0);
            }
            if (tracked.contains(Tracked.MLP)) {
                add(LayerSpec.tokens(ParameterLayout.name(l, "mlp.fc"), d, shape.hidden()), LinearMap.FC, l, 0);
                add(LayerSpec.tokens(ParameterLayout.name(l, "mlp.proj"), shape.hidden(), d), LinearMap.PROJ, l, 0);
            }
        }
        if (tracked.contains(Tracked.HEAD)) {
            add(LayerSpec.tokens("head", d, shape.vocabulary()).withoutBias(), LinearMap.HEAD, 0, 0);
        }
        specs = layers.stream().map(TrackedLayer::spec).toList();
    }

    private void add(LayerSpec spec, LinearMap map, int block, int firstOutput) {
        layers.add(new TrackedLayer(spec, map, block, firstOutput));
    }

    List<LayerSpec> specs() {
        return specs;
    }

    /** Those among the wanted ones that are, or are a part of, a linear map. */
    List<TrackedLayer> of(LinearMap map, int block, List<LayerSpec> wanted) {
        return layers.stream()
                .filter(layer -> layer.map() == map && layer.block() == block && wanted.contains(layer.spec()))
                .toList();
    }

    /** The lowest stage that the backward pass must visit. */
    int lowestStage(TransformerShape shape, List<LayerSpec> wanted) {
        for (LayerSpec layer : wanted) {
            if (!specs.contains(layer)) {
                throw new IllegalArgumentException("no layer " + layer + " among " + specs);
            }
        }
        return layers.stream()
                .filter(layer -> wanted.contains(layer.spec()))
                .mapToInt(layer -> layer.stage(shape.blocks()))
                .min()
                .orElseThrow();
    }
}
