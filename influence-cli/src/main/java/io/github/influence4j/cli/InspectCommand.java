package io.github.influence4j.cli;

import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code influence inspect}: reads every number of the tensors, a piece at a time, and starts no backend. */
@Command(
        name = "inspect",
        description = {
            "Says what a file or folder holds, tensor by tensor: shape, range, NaN and infinite numbers, zeros.",
            "Eigenvalues also get their effective rank, exp(entropy of the shares), and condition."
        })
final class InspectCommand implements Callable<Integer> {

    private static final int CHUNK = 1 << 16;

    @Mixin
    private final Output output = new Output();

    @Parameters(paramLabel = "PATH", description = "safetensors file, or a folder of captures, factors or scores")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path path;

    @Override
    public Integer call() throws IOException {
        List<Map<String, Object>> tensors = new ArrayList<>();
        if (Files.isDirectory(path)) {
            ShardFolder folder = new ShardFolder(path);
            for (String name : folder.names()) {
                try (SafetensorsFile file = folder.open(name)) {
                    add(name, file, tensors);
                }
            }
        } else {
            try (SafetensorsFile file = SafetensorsFile.open(path)) {
                add(String.valueOf(path.getFileName()), file, tensors);
            }
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("path", path.toString());
        result.put("tensors", tensors);
        output.print(result);
        return 0;
    }

    private static void add(String name, SafetensorsFile file, List<Map<String, Object>> tensors) {
        for (String tensor : file.names()) {
            TensorSpec spec = file.tensor(tensor);
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("file", name);
            row.put("tensor", tensor);
            row.put("type", spec.type().toString());
            row.put("shape", spec.shape());
            boolean eigenvalues = name.endsWith("_eigenvalues.safetensors") || name.startsWith("lambda_matrix");
            new TensorSummary(file, spec).describe(row, eigenvalues, CHUNK);
            tensors.add(row);
        }
    }
}
