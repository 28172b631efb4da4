package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The lines of {@code docs/cli.md}, and whether the page knows every option and exit code. */
class CommandPageTest {

    private static final Path PAGE = Path.of("../docs/cli.md");

    @TempDir
    private Path folder;

    @Test
    void itsLinesRun() throws IOException, URISyntaxException {
        Path captures = Files.createDirectory(folder.resolve("captures"));
        for (Map.Entry<String, String> set :
                Map.of("fit", "pseudo", "train", "train", "queries", "query").entrySet()) {
            String resource = "/parity/tokens/" + set.getValue() + ".safetensors";
            Path file = Path.of(Objects.requireNonNull(CommandPageTest.class.getResource(resource))
                    .toURI());
            Files.copy(
                    file, Files.createDirectory(captures.resolve(set.getKey())).resolve("0.safetensors"));
        }
        List<String> lines = Files.readAllLines(PAGE).stream()
                .filter(line -> line.startsWith("influence "))
                .toList();
        assertTrue(lines.size() >= 7, lines.toString());
        for (String line : lines) {
            List<String> words = new ArrayList<>();
            for (String word : line.substring("influence ".length()).split(" ")) {
                boolean path = List.of("factors", "scores", "best", "mean", "refined", "self")
                                .contains(word)
                        || word.startsWith("captures/");
                // the first word is a command, and one of --aggregate's is called as a folder is
                boolean name = words.isEmpty() || words.get(words.size() - 1).equals("--aggregate");
                words.add(path && !name ? folder.resolve(word).toString() : word);
            }
            Ran ran = Influence.run(words);
            assertEquals(0, ran.exitCode(), line + ran.err());
        }
        assertTrue(Files.exists(folder.resolve("mean/pairwise_scores.csv")));
    }

    @Test
    void itKnowsEveryOptionAndExitCode() throws IOException {
        String page = Files.readString(PAGE);
        CommandLine root = InfluenceCommand.commandLine();
        for (CommandLine command : root.getSubcommands().values()) {
            for (OptionSpec option : command.getCommandSpec().options()) {
                boolean standard = List.of("--help", "--version").contains(option.longestName());
                assertTrue(standard || page.contains(option.longestName()), option.longestName());
            }
        }
        root.getCommandSpec()
                .usageMessage()
                .exitCodeList()
                .forEach((code, meaning) ->
                        assertTrue(page.contains("| " + code + " | " + meaning.split(";")[0]), code + " " + meaning));
    }
}
