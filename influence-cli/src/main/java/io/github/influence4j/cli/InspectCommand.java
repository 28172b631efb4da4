package io.github.influence4j.cli;

import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.scores.ScoreReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
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
            "Says what a file or folder holds, layer by layer: shapes, range, root mean square, and what is suspicious,"
                    + " such as NaN and infinite numbers or zeros only.",
            "Eigenvalues also get their effective rank, exp(entropy of the shares), and condition. Shards of captures"
                    + " count as one."
        })
final class InspectCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Parameters(paramLabel = "PATH", description = "safetensors file, or a folder of captures, factors or scores")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path path;

    @Override
    public Integer call() throws IOException {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("path", path.toString());
        describe(result);
        Inspection inspection = new Inspection();
        if (Files.isDirectory(path) && ScoreReader.isTables(path)) {
            result.put("format", "csv or npy, whose numbers are not looked at");
        } else if (Files.isDirectory(path)) {
            ShardFolder folder = ShardFolder.ofDownload(path);
            for (String name : folder.names()) {
                try (SafetensorsFile file = folder.open(name)) {
                    inspection.add(name, file);
                }
            }
        } else {
            try (SafetensorsFile file = SafetensorsFile.open(path)) {
                inspection.add(String.valueOf(path.getFileName()), file);
            }
        }
        result.put("layers", inspection.layers());
        if (output.json()) {
            output.printJson(result);
        } else {
            print(result);
        }
        return 0;
    }

    /** What the headers and manifests say; a set of captures that does not hold together is looked at all the same. */
    private void describe(Map<String, Object> result) throws IOException {
        if (Files.exists(path.resolve(FactorManifest.FILE))) {
            FactorManifest manifest = FactorStore.open(path).manifest();
            result.put("holds", "factors");
            result.put("strategy", manifest.strategy().toString());
            result.put("blocks", manifest.blocks());
            manifest.provenance().counts().forEach(result::put);
            return;
        }
        if (ScoreReader.exists(path)) {
            result.put("holds", "scores");
            ScoreReader.provenance(path).counts().forEach(result::put);
            return;
        }
        try (CaptureSet set = CaptureSet.open(path)) {
            result.put("holds", "captures");
            result.put("objective", set.objective().word());
            set.model().ifPresent(model -> result.put("model", model));
            set.rank().ifPresent(rank -> result.put("rank", rank));
            result.put("shards", set.files().size());
            result.put("examples", set.size());
        } catch (MalformedFileException e) {
            result.put("holds", "tensors");
            result.put("not captures", String.valueOf(e.getMessage()));
        }
    }

    private void print(Map<String, Object> result) {
        PrintWriter out = output.out();
        result.forEach((name, value) -> {
            if (!name.equals("layers")) {
                out.println(Terminal.text(name + ": " + value));
            }
        });
        if (result.get("layers") instanceof List<?> layers) {
            layers.forEach(layer -> print(out, layer));
        }
        out.flush();
    }

    private static void print(PrintWriter out, Object layer) {
        if (layer instanceof Map<?, ?> named && named.get("tensors") instanceof List<?> rows) {
            out.println(Terminal.text(String.valueOf(named.get("layer"))));
            rows.forEach(row -> out.println(Terminal.text("  " + words(row))));
        }
    }

    private static String words(Object row) {
        StringBuilder text = new StringBuilder();
        if (row instanceof Map<?, ?> values) {
            values.forEach((name, value) -> {
                String word = value instanceof Double number ? TensorSummary.number(number) : String.valueOf(value);
                boolean plain = name.equals("tensor") || name.equals("type") || name.equals("shape");
                text.append(plain ? "" : ", " + name + " ").append(word).append(plain ? " " : "");
            });
        }
        return text.toString().replace(" ,", ",").strip();
    }
}
