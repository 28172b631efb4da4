package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.store.captures.CaptureObjective;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What every command has: help, JSON, exit codes, errors of one line; and the options of single ones. */
class CommandLineTest {

    @TempDir
    private Path folder;

    private String sampled = "";
    private String train = "";
    private String queries = "";
    private String factors = "";

    @BeforeEach
    void fit() throws IOException {
        sampled = RandomShards.write(folder.resolve("sampled"), CaptureObjective.SAMPLED)
                .toString();
        train = RandomShards.write(folder.resolve("train"), CaptureObjective.TRAINING)
                .toString();
        queries = RandomShards.write(folder.resolve("queries"), CaptureObjective.MEASUREMENT)
                .resolve("shard-0.safetensors")
                .toString();
        factors = folder.resolve("factors").toString();
    }

    private List<String> command(String name) {
        String out = folder.resolve(name).toString();
        return switch (name) {
            case "fit" ->
                List.of("fit", "--captures", sampled, "--out", factors, "--backend", "ejml", "--precision", "float64");
            case "score" ->
                List.of(
                        "score",
                        "--factors",
                        factors,
                        "--train",
                        train,
                        "--queries",
                        queries,
                        "--out",
                        out,
                        "--backend",
                        "ejml");
            case "self" -> List.of("self", "--factors", factors, "--train", train, "--out", out, "--backend", "ejml");
            case "plan" ->
                List.of(
                        "plan",
                        "--captures",
                        sampled,
                        "--queries",
                        queries,
                        "--backend",
                        "ejml",
                        "--precision",
                        "float64");
            case "inspect" -> List.of("inspect", sampled);
            default -> List.of("generate-completion");
        };
    }

    private static List<String> with(List<String> command, String... more) {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(more));
        return all;
    }

    @Test
    void everyCommandPrintsJson() {
        for (String name : List.of("fit", "score", "self", "plan", "inspect", "generate-completion")) {
            Ran ran = Influence.run(with(command(name), "--json"));
            assertEquals(0, ran.exitCode(), name + ran.err());
            JsonNode json = JsonMapper.builder().build().readTree(ran.out());
            assertTrue(json.isObject() && !json.isEmpty(), ran.out());
            Ran words = Influence.run(command(name));
            assertEquals(0, words.exitCode(), name + words.err());
            assertFalse(words.out().isBlank(), name);
        }
    }

    @Test
    void batchesAndMemoryAreBounded() throws IOException {
        for (String name : List.of("fit", "score", "self", "plan")) {
            for (String wrong :
                    List.of("--batch-size=0", "--batch-positions=1e3", "--memory-limit=12q", "--memory-limit=0")) {
                Ran ran = Influence.run(with(command(name), wrong));
                assertEquals(2, ran.exitCode(), name + " " + wrong + ran.err());
            }
            Ran ran = Influence.run(
                    with(command(name), "--batch-size", "3", "--batch-positions", "5", "--memory-limit", "1g"));
            assertEquals(0, ran.exitCode(), name + ran.err());
        }
        JsonNode provenance = JsonMapper.builder()
                .build()
                .readTree(Files.readString(Path.of(factors).resolve("manifest.json")))
                .get("provenance");
        assertEquals("3", provenance.get("options").get("batch size").asString());
        assertEquals("5", provenance.get("options").get("batch positions").asString());
    }

    @Test
    void covariancesAreFloat64WhereAskedFor() throws IOException {
        for (String name : List.of("fit", "plan")) {
            Ran ran = Influence.run(with(command(name), "--float64-covariances"));
            assertEquals(0, ran.exitCode(), name + ran.err());
        }
        JsonNode provenance = JsonMapper.builder()
                .build()
                .readTree(Files.readString(Path.of(factors).resolve("manifest.json")))
                .get("provenance");
        assertEquals("float64", provenance.get("options").get("covariances").asString());
    }

    /** Defect: it named the method of the library alone. */
    @Test
    void whatDoesNotFitNamesTheOption() {
        Ran ran = Influence.run(with(command("fit"), "--memory-limit", "1000"));
        assertEquals(3, ran.exitCode(), ran.err());
        assertTrue(ran.err().contains("more diagonal blocks need less (--blocks"), ran.err());
    }

    @Test
    void everyOptionSaysWhatItIsFor() {
        CommandLine root = InfluenceCommand.commandLine();
        assertEquals(15, root.getSubcommands().size());
        root.getSubcommands().forEach((name, command) -> {
            assertTrue(command.getCommandSpec().usageMessage().description().length > 0, name);
            for (OptionSpec option : command.getCommandSpec().options()) {
                assertTrue(option.description().length > 0, name + " " + option.longestName());
            }
            Ran help = Influence.run(name, "--help");
            assertEquals(0, help.exitCode());
            assertTrue(help.out().contains("Exit codes:"), help.out());
            assertTrue(help.out().contains("--json"), help.out());
        });
    }

    @Test
    void errorsAreOneLineWithTheCauseAndAnExitCode() throws IOException {
        Files.writeString(folder.resolve("broken.safetensors"), "{ no header");
        Files.createDirectory(folder.resolve("empty"));
        assertEquals(0, Influence.run(command("fit")).exitCode());
        String broken = folder.resolve("broken.safetensors").toString();
        assertError(3, "broken.safetensors", List.of("inspect", broken));
        assertError(3, "broken.safetensors", with(command("fit"), "--captures", broken));
        assertError(3, "training", with(command("fit"), "--captures", train));
        assertError(
                3,
                "manifest.json",
                with(command("score"), "--factors", folder.resolve("empty").toString()));
        assertError(4, "nothing", List.of("inspect", folder.resolve("nothing").toString()));
        for (List<String> wrong : List.of(
                List.of("fit"),
                List.of("fit", "--captures", sampled, "--out", factors, "--backend", "no such backend"),
                with(command("score"), "--damping", "much"),
                with(command("score"), "--damping", "-1"),
                with(command("score"), "--rank", "0"),
                with(command("score"), "--top-k", "0"),
                with(command("plan"), "--query-count", "0"),
                with(command("plan"), "--blocks", "-1"),
                with(command("fit"), "--blocks", "0"),
                with(command("fit"), "--strategy", "x"))) {
            Ran ran = Influence.run(wrong);
            assertEquals(2, ran.exitCode(), wrong + ran.err());
            assertFalse(ran.err().isBlank());
        }
    }

    private static void assertError(int code, String cause, List<String> command) {
        // an option may stand there once
        List<String> once = new ArrayList<>(command);
        for (String option : List.of("--captures", "--factors", "--backend")) {
            int first = once.indexOf(option);
            if (first != once.lastIndexOf(option)) {
                once.remove(first);
                once.remove(first);
            }
        }
        Ran ran = Influence.run(once);
        assertEquals(code, ran.exitCode(), ran.err());
        assertEquals(1, ran.lines().size(), ran.err());
        assertTrue(ran.err().contains(cause), ran.err());
        Ran verbose = Influence.run(with(once, "--verbose"));
        assertTrue(verbose.lines().size() > 3, verbose.err());
        assertTrue(verbose.err().contains("\tat "), verbose.err());
    }

    @ParameterizedTest
    @ValueSource(strings = {"safetensors", "csv", "npy"})
    void scoresOverQueriesInEveryFormat(String format) {
        assertEquals(0, Influence.run(command("fit")).exitCode());
        Ran ran = Influence.run(with(command("score"), "--aggregate", "mean", "--format", format));
        assertEquals(0, ran.exitCode(), ran.err());
        assertTrue(Files.exists(folder.resolve("score/pairwise_scores." + format)), ran.out());
        assertEquals(0, Influence.run("inspect", factors).exitCode());
        Ran inspected = Influence.run("inspect", folder.resolve("score").toString());
        assertEquals(0, inspected.exitCode(), inspected.err());
        assertTrue(inspected.out().contains("holds: scores"), inspected.out());
        Ran top = Influence.run(
                with(command("score"), "--aggregate", "sum", "--top-k", "2", "--per-layer", "--format", format));
        assertEquals(0, top.exitCode(), top.err());
    }

    @Test
    void planNamesEveryStage() {
        for (List<String> more : List.of(List.<String>of(), List.of("--rank", "2", "--per-layer"))) {
            Ran ran = Influence.run(with(command("plan"), more.toArray(String[]::new)));
            assertEquals(0, ran.exitCode(), ran.err());
            for (String stage : List.of(
                    "covariances",
                    "eigendecomposition",
                    "eigenvalues",
                    "query preparation",
                    "scoring",
                    "self-influence",
                    "captures:")) {
                assertTrue(ran.out().contains(stage), ran.out());
            }
        }
        JsonNode json = JsonMapper.builder()
                .build()
                .readTree(Influence.run(with(command("plan"), "--json")).out());
        assertEquals(300, json.get("examples").asInt());
        assertEquals("dense", json.get("layers").get(0).get("layer").asString());
    }

    /** Defect: help showed values in capitals, which the docs write in lower case. */
    @Test
    void valuesAreInLowerCaseInHelpAndCompletion() {
        for (CommandLine command : all(InfluenceCommand.commandLine())) {
            for (OptionSpec option : command.getCommandSpec().options()) {
                if (option.type().isEnum()) {
                    List<String> values = new ArrayList<>();
                    option.completionCandidates().forEach(values::add);
                    String help =
                            command.getUsageMessage(CommandLine.Help.Ansi.OFF).replaceAll("\\s+", " ");
                    for (Object value : option.type().getEnumConstants()) {
                        String word = ((Enum<?>) value).name().toLowerCase(Locale.ROOT);
                        assertTrue(values.contains(word), command.getCommandName() + " " + option.longestName());
                        assertTrue(help.contains(word), command.getCommandName() + " " + option.longestName());
                    }
                    assertFalse(String.join("", option.description()).contains("DEFAULT-VALUE"), option.longestName());
                }
            }
        }
    }

    private static List<CommandLine> all(CommandLine command) {
        List<CommandLine> all = new ArrayList<>(List.of(command));
        command.getSubcommands().values().forEach(each -> all.addAll(all(each)));
        return all;
    }

    @Test
    void aPlanForACluster() {
        Ran ran = Influence.run(with(command("plan"), "--executors", "8", "--cores", "4"));
        assertEquals(0, ran.exitCode(), ran.err());
        for (String part : List.of(
                "covariances",
                "preconditioned queries",
                "self-influence",
                "8 partitions",
                "--conf spark.executor.instances=8",
                "--conf spark.task.cpus=4",
                "--conf spark.executor.memory=",
                "--conf spark.executor.memoryOverhead=")) {
            assertTrue(ran.out().contains(part), ran.out());
        }
        assertTrue(ran.out().lines().allMatch(line -> line.length() <= 60), ran.out());
        JsonNode json = JsonMapper.builder()
                .build()
                .readTree(Influence.run(with(command("plan"), "--executors", "8", "--partitions", "16", "--json"))
                        .out());
        assertEquals(16, json.get("partitions").asInt());
        assertEquals("1", json.get("spark options").get("spark.task.cpus").asString());
        // the layer has 20 x 31 numbers; 16 sums and their total
        double sent = 8.0 * (20 * 20 + 31 * 31) * 17;
        assertEquals(sent, json.get("stages").get(1).get("shuffled bytes").asDouble());
        Ran without = Influence.run(with(command("plan"), "--cores", "4"));
        assertEquals(2, without.exitCode());
        assertTrue(without.err().contains("--executors"), without.err());
    }

    @Test
    void completionKnowsTheCommands() {
        String script = Influence.run("generate-completion").out();
        for (String word : List.of("influence", "score", "inspect", "--aggregate", "mean")) {
            assertTrue(script.contains(word), word);
        }
    }

    @Test
    void progressIsABarOnATerminalAndLinesElsewhere() {
        StringWriter plain = new StringWriter();
        try (ProgressOutput progress = new ProgressOutput(new PrintWriter(plain), false)) {
            progress.progress("scores", 1, 2);
            progress.progress("scores", 2, 2);
        }
        assertEquals(
                List.of("scores 1 of 2", "scores 2 of 2"),
                plain.toString().lines().toList());
        StringWriter drawn = new StringWriter();
        try (ProgressOutput progress = new ProgressOutput(new PrintWriter(drawn), true)) {
            progress.progress("queries", 1, 3);
            progress.progress("scores", 1, 2);
            progress.progress("scores", 2, 2);
        }
        assertTrue(drawn.toString().contains("\rqueries"), drawn.toString());
        assertTrue(drawn.toString().contains("100%"), drawn.toString());
        assertTrue(drawn.toString().endsWith(System.lineSeparator()), drawn.toString());
    }

    /** Defect: a plan took 300 characters a layer, and its last line a hundred. */
    @Test
    void aPlanFitsATerminal() {
        Ran ran = Influence.run(command("plan"));
        assertEquals(0, ran.exitCode(), ran.err());
        List<String> lines = ran.out().lines().toList();
        assertTrue(lines.stream().allMatch(line -> line.length() <= 60), ran.out());
        for (String part :
                List.of("covariances ", "scoring ", "in all ", "1 layer in 1 group, 1 pass", "  1 of 20 x 31")) {
            assertTrue(lines.stream().anyMatch(line -> line.startsWith(part)), part + ran.out());
        }
        assertFalse(ran.out().contains("layer dense"), ran.out());
        assertTrue(Influence.run(with(command("plan"), "--verbose")).out().contains("layer dense (20 x 31): "));
    }

    @Test
    void theVersionSaysWhatComputes() {
        Ran ran = Influence.run("--version");
        assertEquals(0, ran.exitCode());
        List<String> lines = ran.out().lines().toList();
        assertTrue(lines.get(0).startsWith("influence4j "), ran.out());
        assertTrue(lines.get(1).startsWith("Java "), ran.out());
        assertTrue(lines.get(2).startsWith("computes with openblas: OpenBLAS 0.3"), ran.out());
        assertTrue(lines.get(2).endsWith("threads)"), ran.out());
        assertEquals(ran.out(), Influence.run("score", "--version").out());
    }
}
