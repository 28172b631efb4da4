package io.github.influence4j.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/** A library beside kronfluence that fits and scores questions, and has no self-influence: a script runs it on a prepared folder. */
enum FurtherPeer {
    /** Has operators, and scores are made of them in a script, which does classes at one position only. */
    CURVLINOPS(
            "curvlinops",
            workload -> workload.positions() == 1
                    && workload.loss() == Loss.CROSS_ENTROPY
                    && workload.activation() == Activation.RELU),
    /** Takes any model; tells the parts of its fit. */
    DATTRI("dattri", workload -> true);

    private final String key;
    private final Predicate<Workload> does;

    FurtherPeer(String key, Predicate<Workload> does) {
        this.key = key;
        this.does = does;
    }

    /** The name in reports. */
    String key() {
        return key;
    }

    /** Runs it once on a prepared folder; empty for work that its script does not do. */
    Optional<Run> run(Workload workload, Path folder, Path python, int threads)
            throws IOException, InterruptedException {
        if (!does.test(workload)) {
            return Optional.empty();
        }
        JsonNode result = PythonScript.in(folder, key + "_peer.py", python).run(threads, workload.peerBatchSize());
        Map<String, Double> seconds = new LinkedHashMap<>();
        result.path("seconds")
                .properties()
                .forEach(part -> seconds.put(part.getKey(), part.getValue().asDouble()));
        return Optional.of(new Run(this, seconds, PythonScript.numbers(folder.resolve(key + ".f32"))));
    }

    /**
     * What one run gave.
     *
     * @param peer that ran
     * @param seconds of {@value #FIT}, and of what it can tell of the {@link Stage stages}, by their keys
     * @param scores query after query, [queries·train]
     */
    @SuppressWarnings("ArrayRecordComponent") // bulk data, never compared
    record Run(FurtherPeer peer, Map<String, Double> seconds, double[] scores) {

        /** Covariances, decompositions and corrected eigenvalues together. */
        static final String FIT = "fit";
    }
}
