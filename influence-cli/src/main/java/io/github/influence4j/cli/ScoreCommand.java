package io.github.influence4j.cli;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.QueryAggregate;
import io.github.influence4j.store.runs.ScoreRun;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence score}. */
@Command(
        name = "score",
        description = {
            "Scores every training example for every query.",
            "A positive score says that the example helps: more weight on it would lower what was measured. Scores are per unit"
                    + " of weight, all training examples together having the weight 1; with --per-copy they are per copy."
        },
        sortOptions = false)
final class ScoreCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final Scoring scoring = new Scoring();

    @Mixin
    private final ScoreParts parts = new ScoreParts();

    @Mixin
    private final Refining refining = new Refining();

    @Option(
            names = "--queries",
            required = true,
            paramLabel = "PATH",
            description = "captures of the measurement; with --model lines of JSON")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path queries;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            converter = Batches.CountConverter.class,
            description = "keep the K best and worst of each query only, and the parts of these if parts are asked for")
    private @Nullable Integer topK;

    @Option(
            names = "--aggregate",
            paramLabel = "HOW",
            completionCandidates = Words.Aggregates.class,
            description = "one score a training example: the ${COMPLETION-CANDIDATES} over all queries")
    private @Nullable QueryAggregate aggregate;

    @Option(
            names = "--per-copy",
            description =
                    "write scores per copy of an example, divided by the number of all training examples, in place of"
                            + " scores per unit of weight")
    private boolean perCopy;

    @Override
    public Integer call() throws IOException {
        ScoreRun.Result result = new ScoreRun.Result(
                Optional.ofNullable(aggregate), topK == null ? OptionalInt.empty() : OptionalInt.of(topK));
        try (ProgressOutput progress = output.progress()) {
            scoring.run(output, topK == null ? parts.options() : parts.ofTop(), progress, new Scoring.Work() {
                @Override
                public <E> Provenance run(
                        ScoreRun<E> run, Scoring.Questions<E> questions, ScoreWriter writer, boolean resume)
                        throws IOException {
                    return refining.open(
                            output,
                            run,
                            progress,
                            refinement -> questions.with(queries, asked -> refinement
                                    .map(run::refinedBy)
                                    .orElse(run)
                                    .pairwise(asked, result, weighed(run, writer), resume)));
                }

                @Override
                public Map<String, Object> notes(Provenance made) {
                    return PerCopy.of(made).notes();
                }
            });
        }
        return 0;
    }

    private ScoreWriter weighed(ScoreRun<?> run, ScoreWriter writer) {
        return perCopy ? writer.scaledBy(1.0 / run.train().wholeSize()) : writer;
    }
}
