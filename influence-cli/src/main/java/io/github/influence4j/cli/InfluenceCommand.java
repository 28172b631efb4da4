package io.github.influence4j.cli;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ScopeType;

/** The command {@code influence}: fits factors from capture files, scores with them, and looks into files. */
@Command(
        name = "influence",
        description = "Influence functions with EK-FAC on capture files of any framework.",
        subcommands = {
            FitCommand.class,
            ScoreCommand.class,
            SelfCommand.class,
            PlanCommand.class,
            InspectCommand.class,
            CompletionCommand.class
        },
        scope = ScopeType.INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = InfluenceCommand.LibraryVersion.class,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:failed for a reason that should not happen; --verbose shows where",
            "2:the command line was wrong",
            "3:the input was refused: malformed, not finite, or not belonging together",
            "4:a file could not be read or written, for instance because the disk is full",
            "5:the folder is in use, or holds an unfinished or other run, or a backend cannot start"
        })
public final class InfluenceCommand {

    private InfluenceCommand() {}

    /**
     * Runs the command.
     *
     * @param args a subcommand and its options
     */
    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new InfluenceCommand())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(InfluenceCommand::fail);
    }

    static final class LibraryVersion implements IVersionProvider {
        @Override
        public String[] getVersion() {
            Provenance here = Provenance.here("", Precision.FLOAT64, Optional.empty());
            return new String[] {"influence4j " + here.libraryVersion() + ", " + here.runtime()};
        }
    }

    private static int fail(Exception e, CommandLine commandLine, CommandLine.ParseResult parsed) {
        PrintWriter err = commandLine.getErr();
        String reason = e.getMessage() == null ? e.toString() : e.getMessage();
        if (e instanceof IOException) {
            // the messages of file exceptions are often no more than a path
            reason = e.getClass().getSimpleName() + ": " + reason;
        }
        err.println(commandLine.getCommandSpec().qualifiedName() + ": " + reason.replaceAll("\\s*\\R\\s*", " "));
        if (parsed.expandedArgs().contains("--verbose")) {
            e.printStackTrace(err);
        }
        err.flush();
        if (e instanceof IllegalArgumentException || e instanceof NumericalException) {
            return 3;
        }
        if (e instanceof IOException || e instanceof UncheckedIOException) {
            return 4;
        }
        return e instanceof IllegalStateException ? 5 : 1;
    }
}
