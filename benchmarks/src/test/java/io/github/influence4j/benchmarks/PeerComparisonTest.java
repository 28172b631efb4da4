package io.github.influence4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class PeerComparisonTest {

    private static final String TREE = "benchmarks.kronfluence";
    private static final String PYTHON = "benchmarks.python";
    private static final Map<FurtherPeer, String> FURTHER =
            Map.of(FurtherPeer.CURVLINOPS, "benchmarks.curvlinops", FurtherPeer.DATTRI, "benchmarks.dattri");

    private static final StageEfficiency.Size SMALL =
            new StageEfficiency.Size(List.of(LayerSpec.tokens("up", 40, 70)), 8, 8, 4, 2, false, 64);

    @TempDir
    Path out;

    @Test
    void scoresAgreeWithKronfluence() throws IOException, InterruptedException {
        String tree = System.getProperty(TREE, "");
        String python = System.getProperty(PYTHON, "");
        Assumptions.assumeFalse(
                tree.isEmpty() || python.isEmpty(),
                "needs kronfluence: -D" + TREE + "=<its tree> -D" + PYTHON + "=<a Python with torch>");
        List<Workload> workloads = Stream.of("tiny-mlp", "tiny-tokens", "tiny-square")
                .map(Workload::named)
                .toList();
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            PeerRunner peer = new PeerRunner(Path.of(tree), Path.of(python), 1, Device.CPU);
            PeerComparison.measure(workloads, backend, peer, further(), 1, out, Optional.of(SMALL));
        }
        JsonNode results = new JsonMapper().readTree(Files.readString(out.resolve("results.json")));
        assertEquals(3 * 7 + 1, results.path("rows").size());
        for (Workload workload : workloads) {
            JsonNode agreement = results.path("scoreAgreement").path(workload.name());
            assertTrue(agreement.path("pairwise").asDouble(1) <= PeerComparison.AGREEMENT, agreement.toString());
            assertTrue(agreement.path("self").asDouble(1) <= PeerComparison.AGREEMENT, agreement.toString());
        }
        for (FurtherPeer other : further().keySet()) {
            JsonNode found = results.path(other.key());
            assertEquals(other == FurtherPeer.DATTRI ? 3 : 1, found.size(), found.toString());
            for (JsonNode one : found) {
                assertTrue(one.path("scoresDiffer").asDouble(1) <= PeerComparison.AGREEMENT, one.toString());
                assertTrue(one.path("seconds").path(FurtherPeer.Run.FIT).asDouble() > 0, one.toString());
            }
        }
        assertTrue(results.path("overFloor").path("scoreRank32").asDouble() > 0);
        assertTrue(results.path("peerSgemmGflops").asDouble() > 0);
        assertTrue(Files.readString(out.resolve("table.md")).contains("| tiny-mlp |"));
    }

    /** Those whose Python is given. */
    private static Map<FurtherPeer, Path> further() {
        Map<FurtherPeer, Path> further = new EnumMap<>(FurtherPeer.class);
        FURTHER.forEach((peer, property) -> {
            String python = System.getProperty(property, "");
            if (!python.isEmpty()) {
                further.put(peer, Path.of(python));
            }
        });
        return further;
    }

    @Test
    void aForcedKernelIsRefused() {
        assertTrue(assertThrows(
                        IllegalStateException.class,
                        () -> PeerComparison.requireOwnChoiceOfKernels(Map.of("OPENBLAS_CORETYPE", "Haswell")))
                .toString()
                .contains("Haswell"));
        PeerComparison.requireOwnChoiceOfKernels(Map.of());
    }

    @Test
    void aFailingPeerIsReportedWithItsOutput() throws IOException {
        Workload workload = Workload.named("tiny-mlp");
        PeerRunner peer = new PeerRunner(out, Path.of("/bin/cat"), 1, Device.CPU);
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            PeerRunner.prepare(WorkloadData.make(workload, backend), out);
        }
        assertTrue(assertThrows(IllegalStateException.class, () -> peer.run(workload, out))
                .toString()
                .contains("tiny-mlp"));
    }
}
