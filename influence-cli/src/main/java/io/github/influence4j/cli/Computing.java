package io.github.influence4j.cli;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say what computes. */
final class Computing {

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description =
                    "openblas, ejml, or cuda or nd4j where influence-cuda or influence-nd4j is on the class path (default: the best that works)")
    private @Nullable String backend;

    @Option(
            names = "--precision",
            paramLabel = "TYPE",
            completionCandidates = Words.Precisions.class,
            description = "${COMPLETION-CANDIDATES} (default: float32; that of the factors for scores)")
    private @Nullable Precision precision;

    /** What was asked for, or else float32. */
    Precision precision() {
        return precisionOr(Precision.FLOAT32);
    }

    Precision precisionOr(Precision usual) {
        return Optional.ofNullable(precision).orElse(usual);
    }

    MatrixBackend start(Output output, Precision chosen) {
        return output.backend(backend, chosen);
    }
}
