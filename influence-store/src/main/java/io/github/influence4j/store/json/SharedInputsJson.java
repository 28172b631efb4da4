package io.github.influence4j.store.json;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.safetensors.MalformedFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Layers that read the same input, in files: all but the first of them say whose input they read, in an entry {@value #KEY}.
 */
public final class SharedInputsJson {

    /** Names the layer whose input a layer reads too. */
    public static final String KEY = "input_of";

    private SharedInputsJson() {}

    /**
     * Joins what layers say into lists.
     *
     * @param file for errors
     * @param layers all layers of the file
     * @param inputOf for each layer that reads the input of another, the other's name
     * @return names of layers that read one input, the one that the others name first
     * @throws MalformedFileException if a named layer names another itself, does not exist or has other inputs
     */
    public static List<List<String>> read(Path file, List<LayerSpec> layers, Map<String, String> inputOf) {
        Map<String, List<String>> lists = new LinkedHashMap<>();
        inputOf.forEach((layer, source) -> {
            if (layers.stream().noneMatch(known -> known.name().equals(source))) {
                throw new MalformedFileException(
                        file,
                        "layer " + MalformedFileException.quote(layer) + " has " + KEY + " "
                                + MalformedFileException.quote(source) + ", which is no layer of the file");
            }
            if (inputOf.containsKey(source)) {
                throw new MalformedFileException(
                        file,
                        "layer " + MalformedFileException.quote(layer) + " has " + KEY + " "
                                + MalformedFileException.quote(source)
                                + ", which reads the input of another itself; all must name one layer that has no "
                                + KEY);
            }
            lists.computeIfAbsent(source, first -> new ArrayList<>(List.of(first)))
                    .add(layer);
        });
        try {
            return SharedInputs.of(List.copyOf(lists.values()), layers).lists();
        } catch (IllegalArgumentException e) {
            throw new MalformedFileException(file, "has wrong entries " + KEY + ": " + e.getMessage());
        }
    }

    /**
     * Finds the layer whose input a layer reads.
     *
     * @param lists names of layers that read one input
     * @param layer a layer
     * @return the first of its list; empty for that one itself, and for a layer in no list
     */
    public static Optional<String> inputOf(List<List<String>> lists, String layer) {
        return lists.stream()
                .filter(list -> list.contains(layer) && !list.get(0).equals(layer))
                .map(list -> list.get(0))
                .findFirst();
    }
}
