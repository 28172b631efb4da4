package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The page {@code docs/commands.md} is what {@code --help} of every command says. {@code -Dinfluence.docs=write} writes it anew. */
class HelpPageTest {

    private static final Path PAGE = Path.of("../docs/commands.md");

    @Test
    void isWhatTheCommandSays() throws IOException {
        StringBuilder page = new StringBuilder("""
                # Help of every command

                What `influence COMMAND --help` says, made by
                `./mvnw test -pl influence-cli -am -Dtest=HelpPageTest -Dsurefire.failIfNoSpecifiedTests=false -Dinfluence.docs=write`; the test
                fails where this page says something else. [The guide to the command](cli.md).
                """);
        add(page, InfluenceCommand.commandLine());
        if (System.getProperty("influence.docs", "").equals("write")) {
            Files.writeString(PAGE, page.toString());
        }
        assertEquals(page.toString(), Files.readString(PAGE));
    }

    private static void add(StringBuilder page, CommandLine command) {
        String help = command.getUsageMessage(CommandLine.Help.Ansi.OFF).replaceAll("[ \\t]*\\R", "\n");
        page.append("\n## ")
                .append(command.getCommandSpec().qualifiedName())
                .append("\n\n```\n")
                .append(help.strip())
                .append("\n```\n");
        command.getSubcommands().values().forEach(sub -> add(page, sub));
    }
}
