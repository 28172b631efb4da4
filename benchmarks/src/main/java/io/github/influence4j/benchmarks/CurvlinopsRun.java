package io.github.influence4j.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/**
 * What curvlinops did on a workload: it has operators, and scores are made of them in a script.
 *
 * @param fit seconds of its EK-FAC operator
 * @param pairwise seconds of the inverse for all queries and of the scores, self-influence apart
 * @param scores query after query, [queries·train]
 */
@SuppressWarnings("ArrayRecordComponent") // bulk data, never compared
record CurvlinopsRun(double fit, double pairwise, double[] scores) {

    private static final String SCRIPT = "curvlinops_peer.py";

    /** Runs it on a prepared folder; empty for work that the script does not do, which is all but classes at one position. */
    static Optional<CurvlinopsRun> of(Workload workload, Path folder, Path python, int threads)
            throws IOException, InterruptedException {
        if (workload.positions() != 1
                || workload.loss() != Loss.CROSS_ENTROPY
                || workload.activation() != Activation.RELU) {
            return Optional.empty();
        }
        JsonNode seconds = PythonScript.in(folder, SCRIPT, python).run(threads);
        FloatBuffer floats = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("curvlinops.f32")))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        double[] scores =
                IntStream.range(0, floats.remaining()).mapToDouble(floats::get).toArray();
        return Optional.of(new CurvlinopsRun(
                seconds.path("fit").asDouble(), seconds.path("pairwise").asDouble(), scores));
    }
}
