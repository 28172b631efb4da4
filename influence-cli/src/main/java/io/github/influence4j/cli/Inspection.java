package io.github.influence4j.cli;

import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The tensors of one file or several, by layer. */
final class Inspection {

    /** What belongs to no layer. */
    private static final String OTHER = "";

    private static final List<String> CAPTURES = List.of("/activations", "/output_gradients", "/mask");

    private final Map<String, Map<String, TensorSummary>> layers = new LinkedHashMap<>();

    void add(String fileName, SafetensorsFile file) {
        boolean captures = file.metadata().containsKey("layers");
        String stem = fileName.endsWith(ShardFolder.SUFFIX)
                ? fileName.substring(0, fileName.length() - ShardFolder.SUFFIX.length())
                : fileName;
        for (String tensor : file.names()) {
            TensorSpec spec = file.tensor(tensor);
            if (captures) {
                String layer = layerOf(tensor);
                String part = layer.equals(OTHER) ? tensor : tensor.substring(layer.length() + 1);
                summary(layer, part, part.equals("mask") ? TensorSummary.Kind.MASK : TensorSummary.Kind.NUMBERS)
                        .add(file, spec);
            } else {
                // factors and scores have a tensor for each layer, named after it, in several files
                summary(tensor, stem, kind(stem)).add(file, spec);
            }
        }
    }

    private TensorSummary summary(String layer, String tensor, TensorSummary.Kind kind) {
        return layers.computeIfAbsent(layer, name -> new LinkedHashMap<>())
                .computeIfAbsent(tensor, name -> new TensorSummary(name, kind));
    }

    private static String layerOf(String tensor) {
        return CAPTURES.stream()
                .filter(tensor::endsWith)
                .map(suffix -> tensor.substring(0, tensor.length() - suffix.length()))
                .findFirst()
                .orElse(OTHER);
    }

    private static TensorSummary.Kind kind(String stem) {
        if (stem.endsWith("_eigenvalues") || stem.equals("lambda_matrix")) {
            return TensorSummary.Kind.EIGENVALUES;
        }
        return stem.endsWith("_eigenvectors") ? TensorSummary.Kind.EIGENVECTORS : TensorSummary.Kind.NUMBERS;
    }

    /** An entry for each layer, with a row for each of its tensors. */
    List<Map<String, Object>> layers() {
        List<Map<String, Object>> all = new ArrayList<>();
        layers.forEach((name, tensors) -> {
            Map<String, Object> layer = new LinkedHashMap<>();
            layer.put("layer", name.equals(OTHER) ? "(of all layers)" : name);
            layer.put(
                    "tensors", tensors.values().stream().map(TensorSummary::row).toList());
            all.add(layer);
        });
        return all;
    }
}
