package io.github.influence4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EkfacPipelineTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"tiny-mlp", "tiny-tokens", "tiny-square"})
    void scoresAreThoseOfPlainLoops(String name) throws IOException {
        Workload workload = Workload.named(name);
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            WorkloadData data = WorkloadData.make(workload, backend);
            PlainEkfac oracle = new PlainEkfac(data);
            try (EkfacPipeline pipeline = new EkfacPipeline(backend, data, folder)) {
                PipelineRun run = pipeline.run();
                assertEquals(workload.stages(), run.seconds().keySet());
                double[] expected = Stream.of(oracle.pairwise())
                        .flatMapToDouble(Arrays::stream)
                        .toArray();
                MatrixAssert.assertClose(expected, run.pairwise(), Tolerances.PARITY_FLOAT32, "pairwise");
                MatrixAssert.assertClose(oracle.self(), run.self(), Tolerances.PARITY_FLOAT32, "self");
                MatrixAssert.assertClose(run.self(), pipeline.run().self(), 0, "self of a second run");
            }
        }
    }

    @Test
    void factorsAndScoresAreWritten() throws IOException {
        Workload workload = Workload.named("tiny-mlp");
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                EkfacPipeline pipeline = new EkfacPipeline(backend, WorkloadData.make(workload, backend), folder)) {
            PipelineRun run = pipeline.run();
            ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("self_scores.safetensors")))
                    .order(ByteOrder.LITTLE_ENDIAN);
            byte[] header = new byte[(int) file.getLong()];
            file.get(header);
            String json = new String(header, StandardCharsets.UTF_8);
            assertTrue(json.contains("\"all_modules\"") && json.contains("\"F32\""), json);
            assertEquals(4 * workload.train(), file.remaining());
            for (double score : run.self()) {
                assertEquals((float) score, file.getFloat());
            }
            try (Stream<Path> files = Files.list(folder)) {
                assertEquals(9, files.count());
            }
        }
    }
}
