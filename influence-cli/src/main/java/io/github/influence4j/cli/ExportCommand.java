package io.github.influence4j.cli;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence export}. */
@Command(
        name = "export",
        description = {
            "Writes factors for another program.",
            "For kronfluence, name the folder factors_NAME and put it where kronfluence keeps NAME."
        },
        sortOptions = false)
final class ExportCommand implements Callable<Integer> {

    /** Programs that factors are written for. */
    enum Program {
        KRONFLUENCE
    }

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final Computing computing = new Computing();

    @Option(
            names = "--to",
            required = true,
            paramLabel = "PROGRAM",
            completionCandidates = Words.Targets.class,
            description = "${COMPLETION-CANDIDATES}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Program program;

    @Option(names = "--factors", required = true, paramLabel = "DIR", description = "what influence fit wrote")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path factors;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the factors")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Override
    public Integer call() throws IOException {
        FactorStore store = FactorStore.open(factors);
        Map<String, Object> result = new LinkedHashMap<>();
        try (MatrixBackend started = computing.start(
                        output,
                        computing.precisionOr(store.manifest().provenance().precision()));
                Curvature curvature = store.load(started)) {
            FactorStore written =
                    switch (program) {
                        case KRONFLUENCE -> FactorStore.saveForKronfluence(out, curvature);
                    };
            result.put("factors", out.toString());
            result.put("strategy", written.manifest().strategy().toString());
            result.put("layers", written.manifest().layers().size());
        }
        output.print(result);
        return 0;
    }
}
