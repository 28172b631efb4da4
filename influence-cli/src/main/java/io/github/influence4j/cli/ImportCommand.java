package io.github.influence4j.cli;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.factors.ForeignFactors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code influence import}. */
@Command(
        name = "import",
        description = {
            "Takes over factors that another program fitted, so that influence score can use them.",
            "Only safetensors are read: pickles (.pt, .bin) are programs that run when they are read, and are refused."
        },
        sortOptions = false)
final class ImportCommand implements Callable<Integer> {

    /** Programs whose factors are read. */
    enum Program {
        KRONFLUENCE,
        BERGSON
    }

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final LanguageModel model = new LanguageModel();

    @Mixin
    private final Computing computing = new Computing();

    @Parameters(
            paramLabel = "DIR",
            description = "the other program's factors: factors_NAME of kronfluence's, a run of bergson hessian")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path folder;

    @Option(
            names = "--from",
            required = true,
            paramLabel = "PROGRAM",
            completionCandidates = Words.Sources.class,
            description = "${COMPLETION-CANDIDATES}")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Program program;

    @Option(
            names = "--captures",
            paramLabel = "PATH",
            description =
                    "any captures of the layers, which say what the factors do not: which have a bias, and positions")
    private @Nullable Path captures;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the factors")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Override
    public Integer call() throws IOException {
        if (output.isGiven("--max-length")) {
            throw output.wrong("--max-length is of text, and none is read: leave it out");
        }
        if (model.isGiven() == (captures != null)) {
            throw output.wrong("give --captures PATH or --model DIR, for the layers");
        }
        ForeignFactors factors =
                switch (program) {
                    case KRONFLUENCE -> ForeignFactors.kronfluence(folder);
                    case BERGSON -> ForeignFactors.bergson(folder);
                };
        List<LayerSpec> layers = model.isGiven() ? ofModel(factors) : ofCaptures();
        try (MatrixBackend started = computing.start(output, computing.precisionOr(factors.precision()));
                Curvature curvature = factors.store(layers, started).load(started)) {
            FactorStore store = FactorStore.save(out, curvature);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("factors", out.toString());
            result.put("strategy", store.manifest().strategy().toString());
            result.put("layers", layers.size());
            result.put("layers left out", Math.max(0, factors.layerNames().size() - layers.size()));
            result.putAll(store.manifest().provenance().counts());
            result.put("precision", started.precision().toString());
            output.print(result);
        }
        return 0;
    }

    private List<LayerSpec> ofCaptures() throws IOException {
        try (CaptureSet set = CaptureSet.open(Objects.requireNonNull(captures))) {
            return set.layers();
        }
    }

    private List<LayerSpec> ofModel(ForeignFactors factors) throws IOException {
        try (LanguageModel.Open opened = model.open()) {
            List<LayerSpec> all = opened.layers("all");
            List<LayerSpec> layers = factors.among(all);
            // where there are none, the store says which there are
            return layers.isEmpty() ? all : layers;
        }
    }
}
