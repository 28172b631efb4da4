package io.github.influence4j.cli;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.index.Estimate;
import io.github.influence4j.index.IndexScoring;
import io.github.influence4j.index.TopEstimates;
import io.github.influence4j.safetensors.AtomicFile;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence index query}. */
@Command(
        name = "query",
        description = "Estimates the best and worst training examples of questions from an index.",
        sortOptions = false)
final class IndexQueryCommand implements Callable<Integer> {

    private static final String FILE = "top_estimates.csv";

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final IndexAsking asking = new IndexAsking();

    @Option(
            names = "--top-k",
            paramLabel = "K",
            converter = Batches.CountConverter.class,
            description = "how many of the best and of the worst (default: ${DEFAULT-VALUE})")
    private int topK = 10;

    @Option(
            names = "--rescore",
            paramLabel = "PATH",
            description =
                    "captures of the training loss, with --model lines of JSON: score the candidates exactly and keep the best"
                            + " K of them")
    private @Nullable Path rescore;

    @Option(
            names = "--candidates",
            paramLabel = "C",
            converter = Batches.CountConverter.class,
            description = "how many best and worst are scored again (default: ten times K)")
    private @Nullable Integer candidates;

    @Option(
            names = "--format",
            paramLabel = "FORM",
            completionCandidates = Words.Formats.class,
            description = "of the scores, which influence report reads as safetensors: ${COMPLETION-CANDIDATES}"
                    + " (default: safetensors)")
    private ScoreFormat format = ScoreFormat.SAFETENSORS;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "receives the estimates")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Override
    public Integer call() throws IOException {
        if (candidates != null && candidates < topK) {
            throw output.wrong(
                    "--candidates " + candidates + " are fewer than the --top-k " + topK + " that are kept of them");
        }
        try (ProgressOutput progress = output.progress()) {
            output.print(asking.run(output, rescore, progress, new IndexAsking.Work() {
                @Override
                public <E> void answer(
                        IndexScoring<E> scoring,
                        ExampleSource<E> questions,
                        Optional<? extends ExampleSource<E>> train,
                        Map<String, Object> result)
                        throws IOException {
                    Files.createDirectories(out);
                    int found = train.isEmpty() ? topK : candidates == null ? 10 * topK : candidates;
                    TopEstimates estimates = scoring.topK(questions, found);
                    AtomicFile.write(out.resolve(FILE), csv(estimates).getBytes(StandardCharsets.UTF_8));
                    result.put("estimates", out.resolve(FILE).toString());
                    new ScoreWriter(out, format)
                            .write(
                                    train.isPresent()
                                            ? scoring.rescore(questions, train.get(), estimates, topK)
                                            : estimates.influences());
                    result.put("scores", out.toString());
                    result.put("queries", estimates.queryIds().size());
                }
            }));
        }
        return 0;
    }

    private static String csv(TopEstimates estimates) {
        StringBuilder text = new StringBuilder("query,end,rank,train,score,standard_error\n");
        for (int q = 0; q < estimates.queryIds().size(); q++) {
            long query = estimates.queryIds().get(q);
            lines(text, query + ",helpful,", estimates.helpful().get(q));
            lines(text, query + ",harmful,", estimates.harmful().get(q));
        }
        return text.toString();
    }

    private static void lines(StringBuilder text, String start, List<Estimate> row) {
        int rank = 1;
        for (Estimate estimate : row) {
            text.append(start)
                    .append(rank++)
                    .append(',')
                    .append(estimate.trainId())
                    .append(',')
                    .append(estimate.score())
                    .append(',');
            estimate.standardError().ifPresent(text::append);
            text.append('\n');
        }
    }
}
