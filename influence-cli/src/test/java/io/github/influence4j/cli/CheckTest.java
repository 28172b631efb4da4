package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.cli.MadeCaptures.Labels;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureObjective;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What {@code influence check} finds in captures that were made wrong on purpose, and in none that are right. */
class CheckTest {

    private static final int EXAMPLES = 90;

    @TempDir
    private Path folder;

    private final MadeCaptures drawn = new MadeCaptures(EXAMPLES, Labels.DRAWN);

    /** "kind, layer, example" of each finding. */
    private static List<String> findings(Object... arguments) {
        List<String> line = new ArrayList<>(List.of("check", "--json"));
        Arrays.stream(arguments).map(Object::toString).forEach(line::add);
        Ran ran = Influence.run(line);
        JsonNode json = JsonMapper.builder().build().readTree(ran.out());
        List<String> found = new ArrayList<>();
        for (JsonNode finding : json.get("findings")) {
            List<String> words = new ArrayList<>(List.of(finding.get("kind").asString()));
            for (String key : List.of("layer", "example")) {
                if (finding.has(key)) {
                    words.add(finding.get(key).asString());
                }
            }
            assertTrue(finding.get("what").asString().length() > 10 && finding.has("remedy"), ran.out());
            found.add(String.join(", ", words));
        }
        assertEquals(found.isEmpty() ? 0 : 3, ran.exitCode(), ran.out() + ran.err());
        return found;
    }

    private List<String> written(CaptureObjective objective, int shardSize) throws IOException {
        return findings(drawn.write(folder.resolve("captures"), objective, shardSize));
    }

    @Test
    void rightCapturesHaveNoFindings() throws IOException {
        for (CaptureObjective objective : CaptureObjective.values()) {
            for (int shardSize : new int[] {1, 7, 20, EXAMPLES}) {
                Path set = drawn.write(folder.resolve(objective + "-" + shardSize), objective, shardSize);
                assertEquals(List.of(), findings(set), objective + " in shards of " + shardSize);
            }
        }
        Path chosen = new MadeCaptures(EXAMPLES, Labels.MOST_PROBABLE)
                .write(folder.resolve("chosen"), CaptureObjective.TRAINING, 20);
        assertEquals(List.of(), findings(chosen));
    }

    @Test
    void theFixturesOfOtherProgramsHaveNoFindings() throws URISyntaxException {
        for (String name : List.of("pseudo", "train", "query")) {
            Path file = Path.of(
                    Objects.requireNonNull(CheckTest.class.getResource("/parity/tokens/" + name + ".safetensors"))
                            .toURI());
            assertEquals(List.of(), findings(file), name);
        }
    }

    @Test
    void labelsThatWereChosenWhereTheyAreToBeDrawn() throws IOException {
        Path set = new MadeCaptures(EXAMPLES, Labels.MOST_PROBABLE)
                .write(folder.resolve("chosen"), CaptureObjective.SAMPLED, 20);
        assertEquals(List.of("labels not sampled, head"), findings(set));
    }

    @Test
    void aLossThatIsAveragedOverTheBatchIsSeenAtTheLogits() throws IOException {
        drawn.everywhere(0, EXAMPLES, g -> scale(g, 1.0 / 15));
        List<String> found = written(CaptureObjective.TRAINING, 15);
        assertEquals(1, found.size(), found.toString());
        assertTrue(found.get(0).startsWith("averaged loss, head, 1"), found.toString());
    }

    @Test
    void aLossThatIsAveragedOverTheBatchIsSeenInTheLastShard() throws IOException {
        // twice the loss, which is not that of a softmax
        drawn.everywhere(0, 80, g -> scale(g, -2.0 / 40)).everywhere(80, EXAMPLES, g -> scale(g, -2.0 / 10));
        assertEquals(List.of("averaged loss"), written(CaptureObjective.TRAINING, 40));
    }

    @Test
    void paddingWithoutAMask() throws IOException {
        for (int p = 3; p < MadeCaptures.TOKENS; p++) {
            for (double[][] g : drawn.examples.get(4).g) {
                Arrays.fill(g[p], 0);
            }
        }
        assertEquals(List.of("unmasked padding, 104"), written(CaptureObjective.TRAINING, 20));
    }

    @Test
    void theLastPositionOfALanguageModelIsNoPadding() throws IOException {
        drawn.examples.forEach(example -> Arrays.stream(example.g).forEach(g -> Arrays.fill(g[5], 0)));
        assertEquals(List.of(), written(CaptureObjective.TRAINING, 20));
    }

    @Test
    void aDeadLayer() throws IOException {
        drawn.examples.forEach(example -> Arrays.stream(example.g[1]).forEach(g -> Arrays.fill(g, 0)));
        assertEquals(List.of("dead layer, middle, 189"), written(CaptureObjective.TRAINING, 20));
        drawn.examples.forEach(example -> Arrays.stream(example.a[0]).forEach(a -> Arrays.fill(a, 0)));
        List<String> found = written(CaptureObjective.TRAINING, 20);
        assertTrue(found.contains("dead layer, hidden, 189"), found.toString());
    }

    @Test
    void anExplodingLayer() throws IOException {
        drawn.examples.get(7).g[0][2][1] = 1e9;
        assertEquals(List.of("exploding layer, hidden, 107"), written(CaptureObjective.TRAINING, 20));
    }

    @Test
    void aNumberThatIsNotFinite() throws IOException {
        drawn.examples.get(31).a[2][0][0] = Double.NaN;
        drawn.examples.get(12).g[0][0][0] = Double.POSITIVE_INFINITY;
        List<String> found = written(CaptureObjective.TRAINING, 20);
        assertEquals(List.of("not finite, hidden, 112", "not finite, head, 131"), found);
    }

    @Test
    void anExampleThatIsThereTwice() throws IOException {
        drawn.examples.set(50, drawn.examples.get(3));
        assertEquals(List.of("example twice, 150"), written(CaptureObjective.TRAINING, 20));
    }

    @Test
    void activationsThatWereCountedTwice() throws IOException {
        drawn.examples.forEach(example -> System.arraycopy(example.a[1], 0, example.a[1], 3, 3));
        assertEquals(List.of("counted twice, middle, 189"), written(CaptureObjective.TRAINING, 20));
    }

    @Test
    void aUseThatWasNotSeen() throws IOException {
        drawn.examples.forEach(example -> {
            for (double[][] g : example.g) {
                Arrays.fill(g[2], 0);
                Arrays.fill(g[3], 0);
            }
        });
        Path set = drawn.write(folder.resolve("uses"), CaptureObjective.TRAINING, 20, 3);
        assertEquals(
                List.of("use not seen, hidden, 189", "use not seen, middle, 189", "use not seen, head, 189"),
                findings(set));
    }

    @Test
    void aLayerThatIsMissing() throws IOException {
        Path set = drawn.write(folder.resolve("captures"), CaptureObjective.TRAINING, 20);
        assertEquals(List.of(), findings(set, "--expect", "hidden,head"));
        assertEquals(List.of("layer missing, other"), findings(set, "--expect", "hidden,other"));
    }

    @Test
    void groupsOfAConvolutionThatWereTakenAsOne() throws IOException {
        Path weights = folder.resolve("model.safetensors");
        try (SafetensorsWriter file = SafetensorsWriter.create(
                weights, List.of(TensorSpec.of("conv.weight", TensorType.F32, 6, 2, 3, 3)), Map.of())) {
            file.append("conv.weight", new float[6 * 18], 0, 6 * 18);
            file.commit();
        }
        Path right = MadeCaptures.convolution(folder.resolve("right.safetensors"), 18, 6);
        assertEquals(List.of(), findings(right, "--weights", weights));
        Path wrong = MadeCaptures.convolution(folder.resolve("wrong.safetensors"), 36, 6);
        assertEquals(List.of("other weight, conv"), findings(wrong, "--weights", weights));
    }

    @Test
    void aLineForEachFindingWithoutJson() throws IOException {
        drawn.examples.set(50, drawn.examples.get(3));
        Path set = drawn.write(folder.resolve("captures"), CaptureObjective.TRAINING, 20);
        Ran ran = Influence.run("check", set.toString());
        assertEquals(3, ran.exitCode(), ran.err());
        assertTrue(ran.out().contains("findings: 1"), ran.out());
        assertTrue(ran.out().contains("- all layers, example 150: its inputs are those of example 103"), ran.out());
    }

    private static void scale(double[] g, double factor) {
        for (int k = 0; k < g.length; k++) {
            g[k] *= factor;
        }
    }
}
