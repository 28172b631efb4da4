package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.options.Strategy;
import java.util.ArrayList;
import java.util.List;

/** Which layers' finished factors are loaded together to solve with them. */
public final class FactorGroups {

    private FactorGroups() {}

    /**
     * Takes layers in order until the next one does not fit; one that fits nowhere gets a group of its own.
     *
     * @param layers the layers
     * @param memory what their factors take
     * @param limit most bytes of the factors of a group, and of the reciprocals of their eigenvalues
     * @return the layers in their order, divided
     */
    public static List<List<LayerSpec>> of(List<LayerSpec> layers, FactorMemory memory, double limit) {
        List<List<LayerSpec>> groups = new ArrayList<>();
        List<LayerSpec> group = new ArrayList<>();
        for (LayerSpec layer : layers) {
            group.add(layer);
            if (group.size() > 1 && bytes(group, memory) > limit) {
                groups.add(List.copyOf(group.subList(0, group.size() - 1)));
                group = new ArrayList<>(List.of(layer));
            }
        }
        groups.add(List.copyOf(group));
        return List.copyOf(groups);
    }

    /**
     * Counts what a group takes.
     *
     * @param group layers that are loaded together
     * @param memory what their factors take
     * @return bytes of the factors, and of the reciprocals of their eigenvalues
     */
    public static double bytes(List<LayerSpec> group, FactorMemory memory) {
        int reciprocal =
                memory.strategy() == Strategy.IDENTITY ? 0 : memory.precision().bytes();
        return memory.keptBytes(group)
                + reciprocal * group.stream().mapToDouble(LayerSpec::parameters).sum();
    }
}
