package io.github.influence4j.cli;

import io.github.influence4j.store.captures.CaptureSet;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code influence check}: reads every number of a set of captures, and starts no backend. */
@Command(
        name = "check",
        description = {
            "Says what is most likely wrong with captures: a loss that was averaged, labels that were not sampled, padding without a mask, dead"
                    + " and exploding layers, an example that is there twice, activations counted twice, uses that were not seen.",
            "Exit code 3 where something was found. Nothing found does not mean that captures are right."
        },
        sortOptions = false)
final class CheckCommand implements Callable<Integer> {

    private static final int FOUND = 3;

    @Mixin
    private final Output output = new Output();

    @Parameters(paramLabel = "CAPTURES", description = "capture file, or folder of shards")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path captures;

    @Option(names = "--expect", split = ",", paramLabel = "LAYER", description = "names of layers that must be there")
    private List<String> expected = List.of();

    @Option(
            names = "--weights",
            paramLabel = "PATH",
            description =
                    "safetensors file or folder of the model: the sizes of its weights are compared with the layers'")
    private @Nullable Path weights;

    @Override
    public Integer call() throws IOException {
        List<Finding> findings = new ArrayList<>();
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("captures", captures.toString());
        try (CaptureSet set = CaptureSet.open(captures)) {
            result.put("objective", set.objective().word());
            result.put("examples", set.size());
            result.put("layers", set.layers().size());
            findings.addAll(DeclaredLayers.missing(set.layers(), expected));
            if (weights != null) {
                findings.addAll(DeclaredLayers.unlike(set.layers(), weights));
            }
            findings.addAll(CaptureCheck.of(set));
        }
        if (output.json()) {
            result.put("findings", findings.stream().map(Finding::json).toList());
            output.printJson(result);
        } else {
            result.put("findings", findings.size());
            output.print(result);
            findings.forEach(finding -> output.out().println(Terminal.text("- " + finding)));
            output.out().flush();
        }
        return findings.isEmpty() ? 0 : FOUND;
    }
}
