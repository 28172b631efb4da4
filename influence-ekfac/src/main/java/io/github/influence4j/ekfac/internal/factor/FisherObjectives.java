package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.options.FisherLabels;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The objectives whose squared gradients make up the Fisher matrix, G = (1/N) Σ_z (1/w) Σ_k g_zk g_zkᵀ.
 *
 * @param objectives what each batch is captured for, k = 0, 1, …
 * @param weight w: the number of objectives where they are alternative draws of the same thing, 1 where they are parts
 *     that add up
 */
public record FisherObjectives(List<? extends Objective> objectives, int weight) {

    /**
     * Copies the list.
     *
     * @throws IllegalArgumentException if it is empty or the weight is not positive
     */
    public FisherObjectives {
        objectives = List.copyOf(objectives);
        if (objectives.isEmpty() || weight < 1) {
            throw new IllegalArgumentException(objectives.size() + " objectives with weight " + weight);
        }
    }

    /**
     * Returns the objectives of labels.
     *
     * @param labels whose gradients are taken
     * @return one objective for each draw, or the training loss
     */
    public static FisherObjectives of(FisherLabels labels) {
        if (labels instanceof FisherLabels.Sampled sampled) {
            return new FisherObjectives(
                    IntStream.range(0, sampled.draws())
                            .mapToObj(draw -> new Objective.SampledLabels(sampled.seed(), draw))
                            .toList(),
                    sampled.draws());
        }
        return new FisherObjectives(List.of(new Objective.TrainingLoss()), 1);
    }
}
