package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Layers whose sums a task of a cluster holds at the same time. Unlike {@link LayerGroups}, nothing of the groups before is kept:
 * finished factors lie in files.
 *
 * @param groups the groups, each in units that are decomposed in one place: a layer, or layers that read the same input, of which the
 *     first has A
 */
public record TaskGroups(List<List<List<LayerSpec>>> groups) {

    /** Bytes that a task may take where the options say nothing: if it followed from free memory, batches and bits would. */
    public static final long DEFAULT_LIMIT = 4L << 30;

    /** Copies the lists. */
    public TaskGroups {
        groups = groups.stream()
                .map(group -> group.stream().map(List::copyOf).toList())
                .toList();
    }

    /**
     * Takes layers in order until the next one does not fit.
     *
     * @param layers the model's layers
     * @param memory what they take
     * @param limit most bytes
     * @return one group or more
     * @throws IllegalArgumentException if a layer does not fit, naming it, what it needs and what there is
     */
    public static TaskGroups of(List<LayerSpec> layers, FactorMemory memory, long limit) {
        List<List<List<LayerSpec>>> groups = new ArrayList<>();
        List<LayerSpec> group = new ArrayList<>();
        for (LayerSpec layer : layers) {
            requireFits(layer, memory, limit);
            group.add(layer);
            if (group.size() > 1 && memory.peakBytes(group) > limit) {
                groups.add(units(group.subList(0, group.size() - 1), memory));
                group = new ArrayList<>(List.of(layer));
            }
        }
        groups.add(units(group, memory));
        return new TaskGroups(groups);
    }

    private static void requireFits(LayerSpec layer, FactorMemory memory, long limit) {
        double bytes = memory.peakBytes(List.of(layer));
        if (bytes > limit) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "layer %s needs %.0f bytes to be fitted, a task may take %d; raise FitOptions.withMemoryLimit together with"
                            + " spark.executor.memoryOverhead, or cut its covariances with FitOptions.withBlocks",
                    layer.name(),
                    bytes,
                    limit));
        }
    }

    private static List<List<LayerSpec>> units(List<LayerSpec> group, FactorMemory memory) {
        int[] sources = memory.shared().sources(group);
        List<List<LayerSpec>> units = new ArrayList<>();
        for (int l = 0; l < sources.length; l++) {
            if (sources[l] == l) {
                List<LayerSpec> unit = new ArrayList<>();
                for (int reader = l; reader < sources.length; reader++) {
                    if (sources[reader] == l) {
                        unit.add(group.get(reader));
                    }
                }
                units.add(unit);
            }
        }
        return units;
    }

    /**
     * Returns the layers of a group.
     *
     * @param group index of the group
     * @return its layers, unit after unit
     */
    public List<LayerSpec> layers(int group) {
        return groups.get(group).stream().flatMap(List::stream).toList();
    }
}
