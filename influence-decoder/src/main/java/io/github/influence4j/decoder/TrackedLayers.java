package io.github.influence4j.decoder;

import io.github.influence4j.api.LayerSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** The layers of a decoder that influence is computed for, in the order of the model. */
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

    private final List<TrackedLayer> layers;
    private final List<LayerSpec> specs;

    private TrackedLayers(List<TrackedLayer> layers) {
        this.layers = layers;
        specs = layers.stream().map(TrackedLayer::spec).toList();
    }

    /** Those of some kinds. */
    static TrackedLayers of(DecoderShape shape, Set<Tracked> kinds) {
        if (kinds.isEmpty()) {
            throw new IllegalArgumentException("at least one kind of layer must be tracked");
        }
        if (shape.tied() && kinds.contains(Tracked.HEAD)) {
            throw new IllegalArgumentException("a head that is tied to the embedding cannot be tracked");
        }
        return new TrackedLayers(all(shape, layer -> kinds.contains(layer.map().kind())));
    }

    /** Those of some names. */
    static TrackedLayers of(DecoderShape shape, List<String> names) {
        Set<String> missing = new HashSet<>(names);
        List<TrackedLayer> chosen =
                all(shape, layer -> missing.remove(layer.spec().name()));
        if (!missing.isEmpty() || chosen.isEmpty()) {
            throw new IllegalArgumentException("no layers " + missing + ": a decoder of this form has "
                    + all(shape, layer -> true).stream()
                            .map(layer -> layer.spec().name())
                            .toList());
        }
        return new TrackedLayers(chosen);
    }

    /** All linear maps of a form. */
    static List<LayerSpec> every(DecoderShape shape) {
        return all(shape, layer -> true).stream().map(TrackedLayer::spec).toList();
    }

    private static List<TrackedLayer> all(DecoderShape shape, Predicate<TrackedLayer> wanted) {
        List<TrackedLayer> layers = new ArrayList<>();
        for (int l = 0; l < shape.blocks(); l++) {
            for (LinearMap map : LinearMap.values()) {
                if (map != LinearMap.HEAD) {
                    add(shape, map, l, layers);
                }
            }
        }
        if (!shape.tied()) {
            add(shape, LinearMap.HEAD, 0, layers);
        }
        return layers.stream().filter(wanted).toList();
    }

    private static void add(DecoderShape shape, LinearMap map, int block, List<TrackedLayer> layers) {
        int first = 0;
        for (LayerNames.Part part : new LayerNames(shape).parts(map, block)) {
            LayerSpec spec = LayerSpec.tokens(part.name(), map.inputs(shape), part.outputs());
            layers.add(new TrackedLayer(map.bias(shape) ? spec : spec.withoutBias(), map, block, first));
            first += part.outputs();
        }
    }

    List<LayerSpec> specs() {
        return specs;
    }

    List<String> names() {
        return specs.stream().map(LayerSpec::name).toList();
    }

    /** Those among the wanted ones that are, or are a part of, a linear map. */
    List<TrackedLayer> of(LinearMap map, int block, List<LayerSpec> wanted) {
        return layers.stream()
                .filter(layer -> layer.map() == map && layer.block() == block && wanted.contains(layer.spec()))
                .toList();
    }

    /** Layers of one list are parts of one map, and read the same input. */
    List<List<String>> sharedInputs() {
        List<List<String>> groups = new ArrayList<>();
        for (int first = 0; first < layers.size(); ) {
            TrackedLayer layer = layers.get(first);
            List<String> group = of(layer.map(), layer.block(), specs).stream()
                    .map(other -> other.spec().name())
                    .toList();
            if (group.size() > 1) {
                groups.add(group);
            }
            first += group.size();
        }
        return groups;
    }

    /** The lowest stage that the backward pass must visit. */
    int lowestStage(DecoderShape shape, List<LayerSpec> wanted) {
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
