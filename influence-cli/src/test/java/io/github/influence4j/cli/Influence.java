package io.github.influence4j.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;

/** Runs the command, here or in a process of its own, and keeps what it says. */
final class Influence {

    private Influence() {}

    /** What came of a run. */
    record Ran(int exitCode, String out, String err) {

        List<String> lines() {
            return err.lines().toList();
        }
    }

    static Ran run(List<String> arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine command = InfluenceCommand.commandLine();
        command.setOut(new PrintWriter(out));
        command.setErr(new PrintWriter(err));
        int code = command.execute(arguments.toArray(String[]::new));
        return new Ran(code, out.toString(), err.toString());
    }

    /** Runs a line of words, of which those that begin with @ are paths in a folder. */
    static Ran runIn(Path folder, String line) {
        return run(Stream.of(line.split(" "))
                .map(word ->
                        word.startsWith("@") ? folder.resolve(word.substring(1)).toString() : word)
                .toList());
    }

    static Ran run(String... arguments) {
        return run(List.of(arguments));
    }

    /**
     * A process that runs a main class of the tests or the command, with standard error joined to its output. It does little and ends
     * soon, so its code is compiled once and lightly.
     */
    static Process start(Class<?> main, List<String> arguments) throws java.io.IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(arguments);
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }
}
