package io.github.influence4j.cli;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Compares the layers that captures declare with those of the model. */
final class DeclaredLayers {

    private DeclaredLayers() {}

    static List<Finding> missing(List<LayerSpec> layers, List<String> expected) {
        List<String> names = layers.stream().map(LayerSpec::name).toList();
        return expected.stream()
                .filter(name -> !names.contains(name))
                .map(name -> Finding.of(
                        "layer missing",
                        name,
                        "has no captures",
                        "name it in the export, under the name that the model gives it"))
                .toList();
    }

    /** A weight has as many numbers as a gradient of the layer, whatever its order. */
    static List<Finding> unlike(List<LayerSpec> layers, Path weights) throws IOException {
        Map<String, TensorSpec> tensors = new HashMap<>();
        if (Files.isDirectory(weights)) {
            ShardFolder folder = ShardFolder.ofDownload(weights);
            for (String name : folder.names()) {
                try (SafetensorsFile file = folder.open(name)) {
                    file.names().forEach(tensor -> tensors.put(tensor, file.tensor(tensor)));
                }
            }
        } else {
            try (SafetensorsFile file = SafetensorsFile.open(weights)) {
                file.names().forEach(tensor -> tensors.put(tensor, file.tensor(tensor)));
            }
        }
        List<Finding> findings = new ArrayList<>();
        for (LayerSpec layer : layers) {
            TensorSpec weight = tensors.get(layer.name() + ".weight");
            long declared = (long) layer.inputs() * layer.outputs();
            if (weight != null && weight.elements() != declared) {
                boolean groups = weight.elements() > 0
                        && declared % weight.elements() == 0
                        && layer.positions() == LayerSpec.Positions.PATCHES;
                findings.add(Finding.of(
                        "other weight",
                        layer.name(),
                        "its weight is " + weight.describe() + ", its captures are of " + layer.outputs()
                                + " outputs and " + layer.inputs() + " inputs"
                                + (groups ? ", as if its groups were one" : ""),
                        groups
                                ? "write a layer for each group, with its channels"
                                : "name the module whose weight this is"));
            }
        }
        return findings;
    }
}
