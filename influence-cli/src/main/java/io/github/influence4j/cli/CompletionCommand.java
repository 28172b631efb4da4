package io.github.influence4j.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code influence generate-completion}. */
@Command(
        name = "generate-completion",
        description = {"Prints a completion script for bash and zsh:", "source <(influence generate-completion)"})
final class CompletionCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        String script = AutoComplete.bash(spec.root().name(), spec.root().commandLine());
        if (output.json()) {
            output.printJson(Map.of("script", script));
        } else {
            output.out().print(script);
            output.out().flush();
        }
        return 0;
    }
}
