package io.github.influence4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FurtherPeerTest {

    private static final Workload CLASSES = Workload.named("tiny-mlp");
    private static final Workload TOKENS = Workload.named("tiny-tokens");

    @TempDir
    Path folder;

    /** An interpreter that takes script, folder, threads and batch size, as Python is given them. */
    private Path interpreter(String body) throws IOException {
        Path file = Files.writeString(folder.resolve("interpreter"), "#!/bin/sh\n" + body + "\n");
        assertTrue(file.toFile().setExecutable(true));
        return file;
    }

    @Test
    void secondsAndScoresAreRead() throws IOException, InterruptedException {
        // 1 and −2 in float32, little-endian; the line before the last is not the result
        Path python = interpreter("printf '\\000\\000\\200\\077\\000\\000\\000\\300' > \"$2/dattri.f32\"\n"
                + "echo warming up\n"
                + "echo \"{\\\"seconds\\\": {\\\"fit\\\": $3, \\\"pairwise\\\": $4}}\"");
        FurtherPeer.Run run = FurtherPeer.DATTRI.run(TOKENS, folder, python, 2).orElseThrow();
        assertEquals(FurtherPeer.DATTRI, run.peer());
        assertEquals(Map.of("fit", 2.0, "pairwise", (double) TOKENS.peerBatchSize()), run.seconds());
        assertArrayEquals(new double[] {1, -2}, run.scores());
        assertTrue(Files.exists(folder.resolve("dattri_peer.py")));
    }

    @Test
    void curvlinopsIsAskedForClassesAtOnePositionOnly() throws IOException, InterruptedException {
        Path python = interpreter("exit 1");
        assertEquals(Optional.empty(), FurtherPeer.CURVLINOPS.run(TOKENS, folder, python, 1));
        assertTrue(
                assertThrows(IllegalStateException.class, () -> FurtherPeer.CURVLINOPS.run(CLASSES, folder, python, 1))
                        .toString()
                        .contains("curvlinops_peer.py.log"));
    }
}
