package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.linalg.DeviceMemoryException;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.captures.CaptureObjective;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What scripts and narrow terminals rely on: exit codes, JSON of every command, help of 60 columns, no colours. */
class ForScriptsTest {

    private static final int NARROW = 60;

    @TempDir
    private Path folder = Path.of("");

    private static List<CommandLine> leaves(CommandLine command) {
        if (command.getSubcommands().isEmpty()) {
            return List.of(command);
        }
        List<CommandLine> leaves = new ArrayList<>();
        command.getSubcommands().values().forEach(each -> leaves.addAll(leaves(each)));
        return leaves;
    }

    @Test
    void everyCommandHasJsonAndExitCodesInItsHelp() {
        for (CommandLine leaf : leaves(InfluenceCommand.commandLine())) {
            String name = leaf.getCommandSpec().qualifiedName();
            assertTrue(leaf.getCommandSpec().optionsMap().containsKey("--json"), name);
            assertEquals(7, leaf.getCommandSpec().usageMessage().exitCodeList().size(), name);
        }
    }

    @Test
    void helpFitsANarrowTerminal() {
        CommandLine root = InfluenceCommand.commandLine().setUsageHelpWidth(Terminal.columns("60"));
        List<CommandLine> all = new ArrayList<>(leaves(root));
        all.add(root);
        for (CommandLine command : all) {
            for (String line :
                    command.getUsageMessage(CommandLine.Help.Ansi.OFF).lines().toList()) {
                assertTrue(line.length() <= NARROW, command.getCommandSpec().qualifiedName() + ": " + line);
            }
        }
        assertEquals(80, Terminal.columns(null));
        assertEquals(80, Terminal.columns("wide"));
        assertEquals(55, Terminal.columns("1"));
    }

    /** Defect: help was always of 80 columns. */
    @Test
    void theShellSaysHowWideAndWhetherColoursAreWanted() throws IOException, InterruptedException {
        String narrow = ran(Map.of("COLUMNS", "60", "NO_COLOR", "1", "CLICOLOR_FORCE", "1"), "score", "--help");
        assertTrue(narrow.lines().allMatch(line -> line.length() <= NARROW), narrow);
        assertFalse(narrow.contains("\u001b"), narrow);
        String wrong = ran(Map.of("NO_COLOR", "1", "CLICOLOR_FORCE", "1"), "inspect", ".", "--nosuch");
        assertTrue(wrong.contains("--nosuch") && !wrong.contains("\u001b"), wrong);
        // the other way round, so that the test can fail
        assertTrue(ran(Map.of("CLICOLOR_FORCE", "1"), "score", "--help").contains("\u001b"));
    }

    private static String ran(Map<String, String> environment, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                InfluenceCommand.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().keySet().removeAll(List.of("COLUMNS", "NO_COLOR", "CLICOLOR_FORCE"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return out;
    }

    @Test
    void eachExitCodeComesFromWhatItSays() throws IOException {
        new MadeCaptures(12, MadeCaptures.Labels.DRAWN).write(folder.resolve("sampled"), CaptureObjective.SAMPLED, 12);
        assertEquals(0, code("inspect @sampled"));
        assertEquals(2, code("inspect @sampled --nosuch"));
        assertEquals(2, code("fit"));
        Files.writeString(folder.resolve("broken.safetensors"), "{");
        assertEquals(3, code("inspect @broken.safetensors"));
        assertEquals(4, code("inspect @nosuch"));
        try (FolderLock held = FolderLock.acquire(folder.resolve("factors"))) {
            held.requireHeld();
            assertEquals(5, code("fit --captures @sampled --out @factors"));
        }
        assertEquals(1, thrown(new UnsupportedOperationException("should not happen")));
        assertEquals(6, thrown(new DeviceMemoryException("the card is full", "cuBLAS")));
        assertEquals(6, thrown(new OutOfMemoryError("Java heap space")));
    }

    private int code(String line) {
        Ran ran = Influence.runIn(folder, line);
        assertTrue(ran.exitCode() == 0 || !ran.err().isBlank(), line);
        assertTrue(ran.exitCode() == 0 || ran.out().isEmpty(), "results and errors do not mix: " + ran.out());
        return ran.exitCode();
    }

    private static int thrown(Throwable problem) {
        StringWriter err = new StringWriter();
        CommandLine command = InfluenceCommand.commandLine().setErr(new PrintWriter(err, true));
        command.setExecutionStrategy(parsed -> {
            if (problem instanceof Error error) {
                throw error;
            }
            throw new CommandLine.ExecutionException(command, "thrown", (RuntimeException) problem);
        });
        int code = InfluenceCommand.run(command, "inspect", "anything");
        assertEquals(1, err.toString().lines().count(), err::toString);
        return code;
    }
}
