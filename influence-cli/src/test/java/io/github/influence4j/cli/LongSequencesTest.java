package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** One file of sequences with more numbers than an array can hold. {@code -Plarge} fits it. */
@EnabledOnOs(OS.LINUX)
class LongSequencesTest {

    private static final long EXAMPLES = 256;
    private static final long POSITIONS = 2_048;
    private static final long INPUTS = 4_096;

    @TempDir
    private Path folder;

    /** Defect: plan accepted 256 sequences of 2,048 positions and 4,096 inputs, and fit ended in an integer overflow. */
    @Test
    void planCountsASequenceAtATime() throws IOException {
        Ran plan = planOrFit("plan", "--verbose");
        assertEquals(0, plan.exitCode(), plan.err());
        // of the 128 MiB for captures, and for what they are rotated into, one sequence takes 32
        assertTrue(plan.out().contains("captures 32.0 MiB"), plan.out());
    }

    /** Reads 8.6 GB of zeros twice. */
    @Test
    @EnabledIfSystemProperty(named = "influence.large.bytes", matches = "[0-9]+")
    void fitTakesWhatPlanAccepts() throws IOException {
        Path factors = folder.resolve("factors");
        Ran fit = planOrFit("fit", "--out", factors.toString());
        assertEquals(0, fit.exitCode(), fit.err());
        assertTrue(Files.size(factors.resolve("lambda_matrix.safetensors")) > 4 * INPUTS, fit.out());
    }

    private Ran planOrFit(String command, String... options) throws IOException {
        Path captures = folder.resolve("captures.safetensors");
        writeHoles(captures);
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.addAll(List.of(options));
        arguments.addAll(
                List.of("--strategy", "diagonal", "--memory-limit", "256m", "--captures", captures.toString()));
        return Influence.run(arguments);
    }

    /** A header and no numbers: where a file has holes it reads as 0, and takes no room. */
    private static void writeHoles(Path target) throws IOException {
        long activations = 4 * EXAMPLES * POSITIONS * INPUTS;
        long gradients = 4 * EXAMPLES * POSITIONS;
        String header = """
                {"__metadata__": {"format": "influence-captures", "version": "1", "objective": "sampled",
                 "layers": "{\\"wide\\": {\\"in\\": 4096, \\"out\\": 1, \\"bias\\": true, \\"positions\\": \\"tokens\\"}}"},
                 "wide/activations": {"dtype": "F32", "shape": [256, 2048, 4096], "data_offsets": [0, %d]},
                 "wide/output_gradients": {"dtype": "F32", "shape": [256, 2048, 1], "data_offsets": [%d, %d]}}""".formatted(activations, activations, activations + gradients);
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        try (RandomAccessFile file = new RandomAccessFile(target.toFile(), "rw")) {
            file.write(ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(json.length)
                    .array());
            file.write(json);
            file.setLength(Long.BYTES + json.length + activations + gradients);
        }
    }
}
