package io.github.influence4j.cli;

import io.github.influence4j.lm.text.TextData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence report}. */
@Command(
        name = "report",
        description = "Writes a page of the questions and of the training examples that matter most to each.",
        sortOptions = false)
final class ReportCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Mixin
    private final LanguageModel model = new LanguageModel();

    @Mixin
    private final Only only = new Only();

    @Option(
            names = "--scores",
            required = true,
            paramLabel = "DIR",
            description = "what influence score wrote, without --aggregate and as safetensors")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path scores;

    @Option(names = "--train", required = true, paramLabel = "FILE", description = "the lines that were scored")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path train;

    @Option(names = "--queries", required = true, paramLabel = "FILE", description = "the questions that were asked")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path queries;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "receives the page, in HTML")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(
            names = "--examples",
            paramLabel = "K",
            converter = Batches.CountConverter.class,
            description = "most helpful and most harmful examples of each question (default: ${DEFAULT-VALUE})")
    private int examples = 5;

    @Override
    public Integer call() throws IOException {
        if (!model.isGiven()) {
            throw output.wrong("give --model DIR");
        }
        ReportedScores kept = ReportedScores.read(scores);
        try (LanguageModel.Open opened = model.open();
                TextData trained = opened.training(train, Integer.MAX_VALUE);
                TextData asked = opened.questions(queries)) {
            Optional<Candidates> candidates = only.candidates();
            TextData scored =
                    candidates.isPresent() ? trained.select(candidates.get().all()) : trained;
            Files.writeString(out, new ReportPage(kept, scored, asked, examples).html());
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("page", out.toString());
            result.put("questions", kept.queryIds().length);
            result.put("training examples", scored.size());
            output.print(result);
        }
        return 0;
    }
}
