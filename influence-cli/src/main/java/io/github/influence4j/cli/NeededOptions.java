package io.github.influence4j.cli;

import java.util.List;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** Refuses options that would count for nothing without another, which is not there. */
final class NeededOptions {

    /**
     * An option that needs another.
     *
     * @param option what is given
     * @param needed what it is nothing without, of commands that have it
     */
    private record Rule(String option, String needed) {}

    private static final List<Rule> RULES = List.of(
            new Rule("--max-length", "--model"),
            new Rule("--layers", "--model"),
            new Rule("--max-examples", "--data"),
            new Rule("--cores", "--executors"),
            new Rule("--partitions", "--executors"),
            new Rule("--iterations", "--refine"),
            new Rule("--tolerance", "--refine"),
            new Rule("--candidates", "--rescore"));

    private NeededOptions() {}

    /**
     * Checks the command that is asked for.
     *
     * @param parsed its command line
     * @throws ParameterException if an option lacks what it needs
     */
    static void require(ParseResult parsed) {
        for (Rule rule : RULES) {
            if (parsed.hasMatchedOption(rule.option())
                    && parsed.commandSpec().findOption(rule.needed()) != null
                    && !parsed.hasMatchedOption(rule.needed())) {
                throw new ParameterException(
                        parsed.commandSpec().commandLine(),
                        rule.option() + " is of " + rule.needed() + ", which is missing");
            }
        }
    }
}
