package io.github.influence4j.cli;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.index.IndexScoring;
import io.github.influence4j.index.RecallBound;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence index audit}. */
@Command(
        name = "audit",
        description =
                "Estimates what the candidates of an index miss, by a random sample of the others that is scored exactly.",
        sortOptions = false)
final class IndexAuditCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final IndexAsking asking = new IndexAsking();

    @Option(
            names = "--train",
            required = true,
            paramLabel = "PATH",
            description = "captures of the training loss; with --model lines of JSON")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path train;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            converter = Batches.CountConverter.class,
            description = "how many of the best are to be among the candidates (default: ${DEFAULT-VALUE})")
    private int topK = 10;

    @Option(
            names = "--candidates",
            paramLabel = "C",
            converter = Batches.CountConverter.class,
            description = "how many candidates a question has (default: ${DEFAULT-VALUE})")
    private int candidates = 100;

    @Option(
            names = "--sample",
            paramLabel = "N",
            converter = Batches.CountConverter.class,
            description = "how many of the others are scored for each question (default: ${DEFAULT-VALUE})")
    private int sample = 20;

    @Option(names = "--seed", paramLabel = "S", description = "of the sample (default: ${DEFAULT-VALUE})")
    private long seed = 1;

    @Override
    public Integer call() throws IOException {
        try (ProgressOutput progress = output.progress()) {
            output.print(asking.run(output, train, progress, new IndexAsking.Work() {
                @Override
                public <E> void answer(
                        IndexScoring<E> scoring,
                        ExampleSource<E> questions,
                        Optional<? extends ExampleSource<E>> set,
                        Map<String, Object> result) {
                    RecallBound bound = scoring.audit(
                            questions, set.orElseThrow(), scoring.topK(questions, candidates), topK, sample, seed);
                    result.putAll(CandidateRecall.described(bound));
                    result.put("sampled pairs", bound.trials());
                    result.put("of these better", bound.higher());
                }
            }));
        }
        return 0;
    }
}
