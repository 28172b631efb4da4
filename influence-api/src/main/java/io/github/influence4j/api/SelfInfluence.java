package io.github.influence4j.api;

import io.github.influence4j.api.internal.Ranking;
import io.github.influence4j.api.internal.Ranking.End;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The influence of each training example on its own loss, ∇L_zᵀ(G+λI)⁻¹∇L_z: how much the model had to bend for it. High
 * values mark rare, hard and mislabelled examples.
 *
 * <p>Immutable. Scores are not negative and per unit of weight. Costs 8 bytes an example, and as much again for each layer where
 * parts per layer are kept.
 */
public final class SelfInfluence {

    private final long[] ids;
    private final double[] scores;
    private final Map<String, double[]> perLayer;
    private final Provenance provenance;

    /**
     * Wraps computed scores. The arrays of scores are not copied and must not be changed afterwards.
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
        this.scores = scores;
        this.perLayer = Collections.unmodifiableMap(new LinkedHashMap<>(perLayer));
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
     * @return names of layers; empty unless parts per layer were asked for
     */
    public List<String> layers() {
        return List.copyOf(perLayer.keySet());
    }

    /**
     * Returns the part of one layer.
     *
     * @param layer name of the layer
     * @return a copy, in the order of {@link #ids()}
     * @throws IllegalArgumentException if that part was not kept
     */
    public double[] layer(String layer) {
        double[] part = perLayer.get(layer);
        if (part == null) {
            throw new IllegalArgumentException("no scores of layer " + layer + "; kept are " + perLayer.keySet());
        }
        return part.clone();
    }

    /**
     * Ranks all training examples. Among equals the earlier one comes first; what is not a number comes before every number.
     *
     * @return highest score first
     */
    public List<Influence> ranking() {
        return best(ids.length);
    }

    private List<Influence> best(int k) {
        Ranking ranking = new Ranking(End.HIGHEST, k);
        for (int z = 0; z < ids.length; z++) {
            ranking.offer(ids[z], scores[z]);
        }
        return ranking.best(Influence::new);
    }

    /**
     * Returns how the scores were made.
     *
     * @return the provenance
     */
    public Provenance provenance() {
        return provenance;
    }

    /** Says for a person how many scores there are, and which is the highest. */
    @Override
    public String toString() {
        String parts = perLayer.isEmpty() ? "" : ", per layer " + perLayer.keySet();
        String highest = ids.length == 0 ? "" : "; highest " + best(1).get(0);
        return "self-influence of " + ids.length + " training examples" + parts + highest;
    }
}
