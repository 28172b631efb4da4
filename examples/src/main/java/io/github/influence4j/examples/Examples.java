package io.github.influence4j.examples;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command {@code java -jar examples.jar STUDY}: runs a study and writes its report. */
@Command(
        name = "examples",
        description = "Studies of training data attribution with influence4j.",
        subcommands = QuickstartCommand.class,
        synopsisSubcommandLabel = "STUDY",
        mixinStandardHelpOptions = true,
        version = "influence4j examples",
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
