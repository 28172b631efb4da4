package io.github.influence4j.ekfac.plan;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * What a fit and its scores will need, stage by stage, and which way is taken at each layer.
 *
 * @param stages covariances, eigendecomposition and eigenvalues, as far as the strategy has them, then query preparation,
 *     scoring and self-influence
 * @param layers one entry for each layer, in the model's order
 * @param layerGroups groups of layers that are fitted one after the other; the passes of the fit are repeated for each
 * @param queryPasses passes over the training set to score all queries
 */
public record Plan(List<StagePlan> stages, List<LayerPlan> layers, int layerGroups, int queryPasses) {

    /** Copies the lists. */
    public Plan {
        stages = List.copyOf(stages);
        layers = List.copyOf(layers);
    }

    /**
     * Finds a stage.
     *
     * @param name its name
     * @return the stage
     * @throws IllegalArgumentException if the plan has no such stage
     */
    public StagePlan stage(String name) {
        return stages.stream()
                .filter(stage -> stage.stage().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no stage " + name + " among "
                        + stages.stream().map(StagePlan::stage).toList()));
    }

    /**
     * Returns the most memory that any stage needs.
     *
     * @return bytes, score matrix included
     */
    public double peakBytes() {
        return stages.stream()
                .mapToDouble(stage -> stage.memory().total())
                .max()
                .orElse(0);
    }

    /**
     * Returns the time of all stages.
     *
     * @return seconds, an estimate
     */
    public double seconds() {
        return stages.stream().mapToDouble(StagePlan::seconds).sum();
    }

    /**
     * Returns what all results take if they are stored.
     *
     * @return bytes
     */
    public double diskBytes() {
        return stages.stream().mapToDouble(StagePlan::diskBytes).sum();
    }

    /**
     * Refuses what cannot fit.
     *
     * @param limit most bytes, for factors, workspace, captures, queries and scores together
     * @throws IllegalArgumentException if a stage needs more, naming the fullest one, what it needs and for what
     */
    public void require(long limit) {
        stages.stream()
                .max(Comparator.comparingDouble(stage -> stage.memory().total()))
                .filter(stage -> stage.memory().total() > limit)
                .ifPresent(stage -> {
                    throw new IllegalArgumentException("stage " + stage.stage() + " needs " + stage.memory()
                            + ", there is room for " + MemoryUse.words(limit)
                            + "; smaller batches, more diagonal blocks, query gradients of low rank, top-k instead of all"
                            + " scores, or smaller memory limits of the options need less");
                });
    }

    /**
     * Writes the plan for a person.
     *
     * @return several lines
     */
    public String describe() {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%d layers in %d group(s), %d pass(es) over the training set for the queries%n",
                layers.size(),
                layerGroups,
                queryPasses));
        for (StagePlan stage : stages) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-20s %10.4g flops, model %10.4g, about %.3g s, disk %s, memory %s%n",
                    stage.stage(),
                    stage.flops(),
                    stage.modelFlops(),
                    stage.seconds(),
                    MemoryUse.words(stage.diskBytes()),
                    stage.memory()));
        }
        text.append(String.format(
                Locale.ROOT,
                "in all about %.3g s, at most %s of memory, %s of results%n",
                seconds(),
                MemoryUse.words(peakBytes()),
                MemoryUse.words(diskBytes())));
        for (LayerPlan layer : layers) {
            text.append(String.format(
                    Locale.ROOT,
                    "layer %s (%d x %d): %s; %s; %s; %s%n",
                    layer.layer().name(),
                    layer.layer().outputs(),
                    layer.layer().gradientColumns(),
                    layer.factors(),
                    layer.rotation(),
                    layer.queries(),
                    layer.scoring()));
        }
        return text.toString();
    }
}
