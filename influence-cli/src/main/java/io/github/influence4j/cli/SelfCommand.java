package io.github.influence4j.cli;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.store.runs.ScoreRun;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code influence self}. */
@Command(name = "self", description = "Scores every training example for itself, layer by layer.", sortOptions = false)
final class SelfCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final Scoring scoring = new Scoring();

    @Override
    public Integer call() throws IOException {
        try (ProgressOutput progress = output.progress()) {
            ScoreOptions options = ScoreOptions.defaults().withPerLayer(true);
            scoring.run(output, options, progress, new Scoring.Work() {
                @Override
                public <E> Provenance run(
                        ScoreRun<E> run, Scoring.Questions<E> questions, ScoreWriter writer, boolean resume)
                        throws IOException {
                    return run.self(writer, resume);
                }
            });
        }
        return 0;
    }
}
