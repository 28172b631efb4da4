package io.github.influence4j.cli;

import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.linalg.DeviceMemoryException;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ScopeType;

/** The command {@code influence}: fits factors from capture files, scores with them, and looks into files. */
@Command(
        name = "influence",
        description =
                "Influence functions with EK-FAC, on language models and their text or on capture files of any framework.",
        subcommands = {
            CaptureCommand.class,
            FitCommand.class,
            ScoreCommand.class,
            SelfCommand.class,
            IndexCommand.class,
            PlanCommand.class,
            FinetuneCommand.class,
            ReportCommand.class,
            CandidatesCommand.class,
            GroupsCommand.class,
            InspectCommand.class,
            CheckCommand.class,
            ImportCommand.class,
            ExportCommand.class,
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
            "5:the folder is in use, or holds an unfinished or other run, or a backend cannot start",
            "6:the memory does not suffice"
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
        System.exit(run(
                commandLine()
                        .setUsageHelpWidth(Terminal.columns(System.getenv("COLUMNS")))
                        .setOut(Terminal.writer(FileDescriptor.out))
                        .setErr(Terminal.writer(FileDescriptor.err)),
                args));
    }

    /** Runs a command line; an error of the machine is one sentence too, and a result that nobody could read is no success. */
    static int run(CommandLine command, String... args) {
        int code;
        try {
            code = command.execute(args);
        } catch (OutOfMemoryError e) {
            code = sayOutOfMemory(
                    command.getErr(),
                    String.valueOf(e.getMessage()),
                    List.of(args).contains("--verbose"),
                    e);
        } catch (Error e) {
            command.getErr().println("influence: " + Terminal.text(e));
            code = 1;
        }
        if (command.getOut().checkError()) {
            command.getErr()
                    .println("influence: standard output cannot be written: is its disk full, or did its reader end?");
            return code == 0 ? 4 : code;
        }
        return code;
    }

    private static int sayOutOfMemory(PrintWriter err, String reason, boolean verbose, Throwable cause) {
        err.println("influence: not enough memory (" + Terminal.text(reason) + "; the Java heap may take "
                + (Runtime.getRuntime().maxMemory() >> 20)
                + " MiB, influence plan says what is needed): give less work at a"
                + " time, with --memory-limit, --batch-size or --batch-positions, or more memory, with java -Xmx");
        if (verbose) {
            cause.printStackTrace(err);
        }
        err.flush();
        return 6;
    }

    static CommandLine commandLine() {
        return new CommandLine(new InfluenceCommand())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionStrategy(InfluenceCommand::execute)
                .setExecutionExceptionHandler(InfluenceCommand::fail);
    }

    /** As picocli does it; {@code --version} also starts a backend, for which picocli asks a version too often. */
    private static int execute(CommandLine.ParseResult parsed) {
        CommandLine.ParseResult last = parsed;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        NeededOptions.require(last);
        int code = new CommandLine.RunLast().execute(parsed);
        if (parsed.asCommandLineList().stream()
                .anyMatch(command -> command.getParseResult().isVersionHelpRequested())) {
            PrintWriter out = parsed.commandSpec().commandLine().getOut();
            out.println("computes with " + backend());
            out.flush();
        }
        return code;
    }

    /** What a command without {@code --backend} starts. */
    private static String backend() {
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32)) {
            return backend.name() + ": " + backend.description();
        } catch (IllegalArgumentException | IllegalStateException e) {
            return "nothing in float32: " + Terminal.text(String.valueOf(e.getMessage()));
        }
    }

    static final class LibraryVersion implements IVersionProvider {
        @Override
        public String[] getVersion() {
            Provenance here = Provenance.here("", Precision.FLOAT64, Optional.empty());
            return new String[] {"influence4j " + here.libraryVersion(), here.runtime()};
        }
    }

    private static int fail(Exception e, CommandLine commandLine, CommandLine.ParseResult parsed) {
        PrintWriter err = commandLine.getErr();
        String reason = e.getMessage() == null ? e.toString() : e.getMessage();
        if (e instanceof NoSuchFileException missing) {
            reason = missing.getFile() + ": is not there";
        } else if (e instanceof IOException) {
            // the messages of file exceptions are often no more than a path
            reason = e.getClass().getSimpleName() + ": " + reason;
        }
        err.println(commandLine.getCommandSpec().qualifiedName() + ": "
                + Terminal.text(OptionNames.in(commandLine.getCommandSpec(), reason.replaceAll("\\s*\\R\\s*", " "))));
        if (parsed.expandedArgs().contains("--verbose")) {
            StringWriter stack = new StringWriter();
            e.printStackTrace(new PrintWriter(stack));
            stack.toString()
                    .lines()
                    .forEach(line -> err.println(
                            line.startsWith("\t") ? "\t" + Terminal.text(line.substring(1)) : Terminal.text(line)));
        }
        err.flush();
        if (e instanceof DeviceMemoryException) {
            return 6;
        }
        if (e instanceof IllegalArgumentException || e instanceof NumericalException) {
            return 3;
        }
        if (e instanceof IOException || e instanceof UncheckedIOException) {
            return 4;
        }
        return e instanceof IllegalStateException ? 5 : 1;
    }
}
