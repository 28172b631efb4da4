package io.github.influence4j.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** Puts the command's options where errors of the library name those of Java, or say in words what an option does. */
final class OptionNames {

    /**
     * Words of the library.
     *
     * @param said as the library says it
     * @param named as the command says it
     * @param option without which a command does not say it
     */
    private record Words(String said, String named, String option) {}

    private static final List<Words> ALL = List.of(
            new Words("FitOptions.withBlocks", "--blocks", "--blocks"),
            new Words("FitOptions.withMemoryLimit", "--memory-limit", "--memory-limit"),
            new Words("sharedInputs(), in files out of input_of", "input_of", "--captures"),
            new Words(
                    "take smaller batches",
                    "take smaller batches (--batch-size, --batch-positions)",
                    "--batch-positions"),
            new Words("set a memory limit", "set a memory limit (--memory-limit)", "--memory-limit"),
            new Words("use a larger damping", "use a larger damping (--damping)", "--damping"),
            new Words("score without parts by token", "score without --per-token", "--per-token"));

    private OptionNames() {}

    /** An error as a command says it. */
    static String in(CommandSpec command, String message) {
        String words = message;
        for (Words each : ALL) {
            if (command.findOption(each.option()) != null) {
                words = words.replace(each.said(), each.named());
            }
        }
        return words;
    }
}
