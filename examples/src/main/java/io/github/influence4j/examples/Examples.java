package io.github.influence4j.examples;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import java.io.PrintWriter;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ScopeType;

/** The command {@code java -jar examples.jar STUDY}: runs a study and writes its report. */
@Command(
        name = "examples",
        description = "Studies of training data attribution with influence4j.",
        subcommands = {
            QuickstartCommand.class,
            DigitsCommand.class,
            ValidationCommand.class,
            LanguageCommand.class,
            SmolCommand.class,
            IndexCommand.class,
            SequencesCommand.class,
            KfacCommand.class,
            UnrolledCommand.class,
            RefinementCommand.class
        },
        synopsisSubcommandLabel = "STUDY",
        scope = ScopeType.INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = Examples.LibraryVersion.class,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:the study ran",
            "1:the study failed; the reason is on standard error",
            "2:the command line was wrong"
        })
public final class Examples {

    private Examples() {}

    /**
     * Runs a study.
     *
     * @param args the study's name and its options
     */
    public static void main(String[] args) {
        System.setProperty("java.awt.headless", "true");
        System.exit(commandLine().execute(args));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Examples())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(Examples::fail);
    }

    static final class LibraryVersion implements IVersionProvider {
        @Override
        public String[] getVersion() {
            Provenance here = Provenance.here("", Precision.FLOAT64, Optional.empty());
            return new String[] {"influence4j " + here.libraryVersion() + ", " + here.runtime()};
        }
    }

    /** What a user can mend is said in a sentence; what should not have happened keeps its stack trace. */
    private static int fail(Exception e, CommandLine commandLine, CommandLine.ParseResult parsed) {
        PrintWriter err = commandLine.getErr();
        if (e instanceof IllegalArgumentException || e instanceof IllegalStateException) {
            err.println(commandLine.getCommandSpec().qualifiedName() + ": " + e.getMessage());
        } else {
            e.printStackTrace(err);
        }
        err.flush();
        return CommandLine.ExitCode.SOFTWARE;
    }
}
