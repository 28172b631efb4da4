package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Which layers are fitted together so that factors stay within a limit: all of them if they fit, else groups that do, each
 * beside the finished factors of the groups before it.
 *
 * <p>Groups cost passes over the data, so there are as few as taking layers greedily gives. The layers that need most
 * beyond what they keep come first, while little is kept: if any order fits, this one does. Layers that read the same input
 * come together where they fit, as they share factors only within a group.
 *
 * @param groups the layers of each group, each group in the model's order
 * @param peakBytes most bytes that factors take at any time
 * @param keptBytes bytes of the finished factors of all layers
 */
public record LayerGroups(List<List<LayerSpec>> groups, double peakBytes, double keptBytes) {

    /** Copies the lists. */
    public LayerGroups {
        groups = groups.stream().map(List::copyOf).toList();
    }

    /**
     * Divides layers into groups.
     *
     * @param layers the model's layers
     * @param memory what they take
     * @param backend where the factors will lie
     * @param limit most bytes
     * @return one group or more
     * @throws IllegalArgumentException if there are no layers or two of the same name, or if the finished factors or a
     *     single layer do not fit, naming the layer that needs
     *     most, what it needs and what there is
     */
    public static LayerGroups of(List<LayerSpec> layers, FactorMemory memory, MatrixBackend backend, long limit) {
        CapturePass.requireDistinct(layers);
        layers.forEach(layer -> requireElements(layer, memory, backend));
        double all = memory.peakBytes(layers);
        double kept = memory.keptBytes(layers);
        if (all <= limit) {
            return new LayerGroups(List.of(layers), all, kept);
        }
        requireSingles(layers, memory, limit);
        requireKept(layers, memory, kept, limit);
        return grouped(layers, memory, limit);
    }

    private static LayerGroups grouped(List<LayerSpec> layers, FactorMemory memory, long limit) {
        List<LayerSpec> remaining = byNeed(layers, memory);
        List<List<LayerSpec>> groups = new ArrayList<>();
        double kept = 0;
        double peak = 0;
        while (!remaining.isEmpty()) {
            List<LayerSpec> group = List.of();
            for (LayerSpec layer : remaining) {
                List<LayerSpec> larger = new ArrayList<>(group);
                larger.add(layer);
                larger.sort(Comparator.comparingInt(layers::indexOf));
                if (kept + memory.peakBytes(larger) <= limit) {
                    group = larger;
                }
            }
            if (group.isEmpty()) {
                LayerSpec next = remaining.get(0);
                throw new IllegalArgumentException("layer " + describe(next) + " needs "
                        + mebibytes(memory.peakBytes(List.of(next))) + " to be fitted beside the "
                        + mebibytes(kept) + " of finished layers; there is room for " + mebibytes((double) limit));
            }
            peak = Math.max(peak, kept + memory.peakBytes(group));
            kept += memory.keptBytes(group);
            remaining.removeAll(group);
            groups.add(group);
        }
        return new LayerGroups(groups, peak, kept);
    }

    /** The neediest first, each followed by those that read its input. */
    private static List<LayerSpec> byNeed(List<LayerSpec> layers, FactorMemory memory) {
        List<LayerSpec> sorted = new ArrayList<>(layers);
        sorted.sort(Comparator.comparingDouble(layer -> memory.keptBytes(layer) - memory.peakBytes(List.of(layer))));
        Set<LayerSpec> ordered = new LinkedHashSet<>();
        for (LayerSpec layer : sorted) {
            ordered.add(layer);
            sorted.stream().filter(other -> memory.shared().same(layer, other)).forEach(ordered::add);
        }
        return new ArrayList<>(ordered);
    }

    private static void requireSingles(List<LayerSpec> layers, FactorMemory memory, long limit) {
        LayerSpec worst = largest(layers, Comparator.comparingDouble(layer -> memory.peakBytes(List.of(layer))));
        double peak = memory.peakBytes(List.of(worst));
        if (peak > limit) {
            throw new IllegalArgumentException("the factors of " + layers.size()
                    + " layers do not fit even one layer at"
                    + " a time: layer " + describe(worst) + " alone needs " + mebibytes(peak) + ", there is room for "
                    + mebibytes((double) limit) + "; more diagonal blocks need less (FitOptions.withBlocks)");
        }
    }

    private static void requireKept(List<LayerSpec> layers, FactorMemory memory, double kept, long limit) {
        if (kept > limit) {
            LayerSpec worst = largest(layers, Comparator.comparingDouble(memory::keptBytes));
            throw new IllegalArgumentException("the finished factors of " + layers.size() + " layers need "
                    + mebibytes(kept) + ", there is room for " + mebibytes((double) limit) + "; the largest layer, "
                    + describe(worst) + ", needs " + mebibytes(memory.keptBytes(worst))
                    + " of them; more diagonal blocks need less (FitOptions.withBlocks)");
        }
    }

    private static void requireElements(LayerSpec layer, FactorMemory memory, MatrixBackend backend) {
        long order = memory.strategy().usesEigenbasis() ? memory.largestBlock(layer) : 0;
        long elements = Math.max(order * order, layer.parameters());
        if (elements > backend.maxElements()) {
            throw new IllegalArgumentException("layer " + describe(layer) + ": a factor of " + elements
                    + " numbers is larger than the " + backend.maxElements() + " that a matrix of backend "
                    + backend.name() + " can hold");
        }
    }

    private static LayerSpec largest(List<LayerSpec> layers, Comparator<LayerSpec> order) {
        return layers.stream().max(order).orElseThrow();
    }

    private static String describe(LayerSpec layer) {
        return layer.name() + " (" + layer.outputs() + " x " + layer.gradientColumns() + ")";
    }

    private static String mebibytes(double bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / (1 << 20));
    }
}
