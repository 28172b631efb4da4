package io.github.influence4j.cli;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.QueryAggregate;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.store.runs.ScoreRun;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence score}. */
@Command(name = "score", description = "Scores every training example for every query.", sortOptions = false)
final class ScoreCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final Scoring scoring = new Scoring();

    @Option(
            names = "--queries",
            required = true,
            paramLabel = "PATH",
            description = "captures of the measurement; with --model lines of JSON")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path queries;

    @Option(
            names = "--rank",
            paramLabel = "R",
            converter = Batches.CountConverter.class,
            description = "cut preconditioned queries to this rank")
    private @Nullable Integer rank;

    @Option(names = "--per-layer", description = "keep the part of each layer")
    private boolean perLayer;

    @Option(names = "--per-token", description = "keep the part of each training token")
    private boolean perToken;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            converter = Batches.CountConverter.class,
            description = "keep the K best and worst of each query only")
    private @Nullable Integer topK;

    @Option(
            names = "--aggregate",
            description = "one score a training example: the ${COMPLETION-CANDIDATES} over all queries")
    private @Nullable QueryAggregate aggregate;

    @Override
    public Integer call() throws IOException {
        ScoreOptions plain = ScoreOptions.defaults().withPerLayer(perLayer).withPerToken(perToken);
        ScoreOptions options = rank == null ? plain : plain.withRank(rank);
        if (topK != null && (perLayer || perToken)) {
            throw output.wrong("--top-k keeps no scores per layer or token: leave --per-layer and --per-token out");
        }
        ScoreRun.Result result = new ScoreRun.Result(
                Optional.ofNullable(aggregate), topK == null ? OptionalInt.empty() : OptionalInt.of(topK));
        try (ProgressOutput progress = output.progress()) {
            output.print(scoring.run(output, options, progress, new Scoring.Work() {
                @Override
                public <E> Provenance run(
                        ScoreRun<E> run, Scoring.Questions<E> questions, ScoreWriter writer, boolean resume)
                        throws IOException {
                    return questions.with(queries, asked -> run.pairwise(asked, result, writer, resume));
                }
            }));
        }
        return 0;
    }
}
