package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which layers of a model read the same input, so that A = E[āāᵀ] and its eigenvectors are the same matrices.
 *
 * <p>Immutable; safe for use by several threads.
 */
public final class SharedInputs {

    private static final SharedInputs NONE = new SharedInputs(List.of());

    private final List<List<String>> lists;
    private final Map<String, Integer> listOf = new HashMap<>();

    private SharedInputs(List<List<String>> lists) {
        this.lists = lists.stream().map(List::copyOf).toList();
        for (int k = 0; k < lists.size(); k++) {
            for (String name : lists.get(k)) {
                listOf.put(name, k);
            }
        }
    }

    /**
     * Returns what holds where every layer reads an input of its own.
     *
     * @return no lists
     */
    public static SharedInputs none() {
        return NONE;
    }

    /**
     * Asks a model which of its layers read the same input.
     *
     * @param model the model
     * @param layers all its layers
     * @return its lists
     * @throws IllegalArgumentException if they cannot be right
     */
    public static SharedInputs of(GradientProvider<?> model, List<LayerSpec> layers) {
        List<List<String>> lists = model.sharedInputs();
        if (lists == null) {
            throw new IllegalArgumentException(
                    "sharedInputs() gave null: a model whose layers share no inputs gives an empty list");
        }
        return of(lists, layers);
    }

    /**
     * Checks lists of layers that read the same input.
     *
     * @param lists names of layers; a list of one layer says nothing
     * @param layers all layers of the model
     * @return the lists
     * @throws IllegalArgumentException if a layer is unknown, stands in two lists, or has another shape of inputs than the first of
     *     its list, naming the layer
     */
    public static SharedInputs of(List<List<String>> lists, List<LayerSpec> layers) {
        Map<String, LayerSpec> byName = new HashMap<>();
        layers.forEach(layer -> byName.put(layer.name(), layer));
        Map<String, List<String>> seen = new HashMap<>();
        for (List<String> list : lists) {
            LayerSpec first = null;
            for (String name : list) {
                List<String> before = seen.put(name, list);
                if (before != null) {
                    throw refused(
                            name, "stands twice, in " + before + " and in " + list + "; a layer reads one input only");
                }
                LayerSpec layer = byName.get(name);
                if (layer == null) {
                    throw refused(name, "is not one of the model's, which are " + byName.keySet());
                }
                first = first == null ? layer : first;
                requireSameInputs(first, layer);
            }
        }
        return lists.isEmpty() ? NONE : new SharedInputs(lists);
    }

    private static void requireSameInputs(LayerSpec first, LayerSpec layer) {
        if (layer.inputs() != first.inputs()
                || layer.bias() != first.bias()
                || layer.positions() != first.positions()) {
            throw refused(
                    layer.name(),
                    "is said to read the input of " + describe(first) + ", but is " + describe(layer)
                            + "; inputs, bias and positions must be equal");
        }
    }

    private static String describe(LayerSpec layer) {
        return layer.name() + " (" + layer.inputs() + " inputs, " + (layer.bias() ? "a bias" : "no bias")
                + ", positions " + layer.positions() + ")";
    }

    private static IllegalArgumentException refused(String layer, String problem) {
        return new IllegalArgumentException("layer " + layer + ": of the layers that share an input, it " + problem);
    }

    /**
     * Keeps what is said of some layers.
     *
     * @param lists names of layers that read one input
     * @param some some layers of the model
     * @return the same lists without other layers
     */
    public static List<List<String>> among(List<List<String>> lists, List<LayerSpec> some) {
        List<String> names = some.stream().map(LayerSpec::name).toList();
        return lists.stream()
                .map(list -> list.stream().filter(names::contains).toList())
                .filter(list -> list.size() > 1)
                .toList();
    }

    /**
     * Finds for each of some layers the first of them that reads the same input.
     *
     * @param some some layers of the model
     * @return for each of them an index into {@code some}: its own where no layer before it reads its input
     */
    public int[] sources(List<LayerSpec> some) {
        int[] first = new int[lists.size()];
        Arrays.fill(first, -1);
        int[] sources = new int[some.size()];
        for (int l = 0; l < sources.length; l++) {
            Integer list = listOf.get(some.get(l).name());
            sources[l] = list == null || first[list] < 0 ? l : first[list];
            if (list != null) {
                first[list] = sources[l];
            }
        }
        return sources;
    }

    /**
     * Tells whether two layers read the same input.
     *
     * @param one a layer
     * @param other another
     * @return true for layers of one list
     */
    boolean same(LayerSpec one, LayerSpec other) {
        Integer list = listOf.get(one.name());
        return list != null && list.equals(listOf.get(other.name()));
    }

    /**
     * Returns the lists.
     *
     * @return names of layers
     */
    public List<List<String>> lists() {
        return lists;
    }
}
