package io.github.influence4j.api;

import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The influence of each training example on its own loss, ∇L_zᵀ(G+λI)⁻¹∇L_z: how much the model had to bend for it. High
 * values mark rare, hard and mislabelled examples.
 *
 * <p>Immutable. Scores are not negative and per unit of weight.
 */
public final class SelfInfluence {

    private final long[] ids;
    private final double[] scores;
    private final Map<String, double[]> perLayer;
    private final Provenance provenance;

    /**
     * Wraps computed scores.
     *
     * @param ids ids of the training examples
     * @param scores one score for each id
     * @param perLayer the part of each layer, which sum to {@code scores}; empty where they were not kept
     * @param provenance how the scores were made
     * @throws IllegalArgumentException if the lengths differ
     */
    public SelfInfluence(long[] ids, double[] scores, Map<String, double[]> perLayer, Provenance provenance) {
        if (scores.length != ids.length) {
            throw new IllegalArgumentException(ids.length + " ids with " + scores.length + " scores");
        }
        perLayer.forEach((layer, part) -> {
            if (part.length != ids.length) {
                throw new IllegalArgumentException(
                        "layer " + layer + ": " + ids.length + " ids with " + part.length + " scores");
            }
        });
        this.ids = ids.clone();
        this.scores = scores.clone();
        Map<String, double[]> parts = new LinkedHashMap<>();
        perLayer.forEach((layer, part) -> parts.put(layer, part.clone()));
        this.perLayer = Collections.unmodifiableMap(parts);
        this.provenance = provenance;
    }

    /**
     * Returns the ids of the training examples.
     *
     * @return a copy
     */
    public long[] ids() {
        return ids.clone();
    }

    /**
     * Returns all scores.
     *
     * @return a copy, in the order of {@link #ids()}
     */
    public double[] scores() {
        return scores.clone();
    }

    /**
     * Returns the layers whose parts were kept.
     *
     * @return names of layers
     */
    public List<String> layers() {
        return List.copyOf(perLayer.keySet());
    }

    /**
     * Returns the part of one layer.
     *
     * @param layer name of the layer
     * @return a copy, in the order of {@link #ids()}
     * @throws IllegalArgumentException if there is no such layer
     */
    public double[] layer(String layer) {
        double[] part = perLayer.get(layer);
        if (part == null) {
            throw new IllegalArgumentException("no scores of layer " + layer + "; kept are " + perLayer.keySet());
        }
        return part.clone();
    }

    /**
     * Ranks all training examples.
     *
     * @return highest score first, ties by position
     */
    public List<Influence> ranking() {
        return IntStream.range(0, ids.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer z) -> scores[z]).reversed())
                .map(z -> new Influence(ids[z], scores[z]))
                .toList();
    }

    /**
     * Returns how the scores were made.
     *
     * @return the provenance
     */
    public Provenance provenance() {
        return provenance;
    }
}
