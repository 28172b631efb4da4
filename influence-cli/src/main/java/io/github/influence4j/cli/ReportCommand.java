package io.github.influence4j.cli;

import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.store.scores.ScoreReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence report}. */
@Command(
        name = "report",
        description = {
            "Writes a page of the questions and of the training examples that matter most to each.",
            "Texts come from a language model's files (--model, --train, --queries), or from any file of lines or rows"
                    + " (--texts, --query-texts); pictures from a folder (--images). Without them examples are named by their ids."
        },
        sortOptions = false)
final class ReportCommand implements Callable<Integer> {

    /** What is written. */
    enum Form {
        HTML,
        JSON
    }

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
            description = "what influence score, self or index query wrote, as safetensors")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path scores;

    @Option(names = "--train", paramLabel = "FILE", description = "with --model: the lines that were scored")
    private @Nullable Path train;

    @Option(names = "--queries", paramLabel = "FILE", description = "with --model: the questions that were asked")
    private @Nullable Path queries;

    @Option(
            names = "--texts",
            paramLabel = "FILE",
            description = "texts of the training examples: lines of JSON, or a table (.csv, .tsv) with a header")
    private @Nullable Path texts;

    @Option(names = "--query-texts", paramLabel = "FILE", description = "texts of the questions, likewise")
    private @Nullable Path queryTexts;

    @Mixin
    private final Columns columns = new Columns();

    @Option(
            names = "--images",
            paramLabel = "FOLDER",
            description = "pictures of the training examples: a file for each id, such as 17.png, .jpg, .gif or .webp")
    private @Nullable Path images;

    @Option(names = "--query-images", paramLabel = "FOLDER", description = "pictures of the questions, likewise")
    private @Nullable Path queryImages;

    @Option(
            names = "--group-by",
            paramLabel = "FIELD",
            description = "field of the lines, or column, that names the group of a training example")
    private @Nullable String groupBy;

    @Option(
            names = "--shade-layer",
            paramLabel = "LAYER",
            description =
                    "shade tokens by their part through this layer in place of all, where scores were made with --per-layer"
                            + " --per-token")
    private @Nullable String shadeLayer;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "receives the page")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Option(
            names = "--format",
            paramLabel = "FORM",
            completionCandidates = Words.Forms.class,
            description = "${COMPLETION-CANDIDATES}: a page, or the same content for programs (default: html)")
    private Form format = Form.HTML;

    @Option(
            names = "--examples",
            paramLabel = "K",
            converter = Batches.CountConverter.class,
            description = "most helpful and most harmful examples of each question (default: ${DEFAULT-VALUE})")
    private int examples = 5;

    @Option(
            names = "--characters",
            paramLabel = "C",
            converter = Batches.CountConverter.class,
            description =
                    "characters of a text that the page shows, at most, around what matters (default: 1000, fewer where"
                            + " there are hundreds of questions)")
    private @Nullable Integer characters;

    private final AtomicLong pictureBytes = new AtomicLong();

    @Override
    public Integer call() throws IOException {
        boolean self = ScoreReader.holdsSelf(scores);
        requireTogether(self);
        List<Path> inputs = Stream.of(scores, train, queries, texts, queryTexts, images, queryImages)
                .filter(Objects::nonNull)
                .toList();
        ResultFile.require(out, inputs);
        ReportedScores kept = ReportedScores.read(scores);
        requireShades(kept);
        if (model.isGiven()) {
            try (LanguageModel.Open opened = model.open();
                    TextData trained = opened.training(Objects.requireNonNull(train), Integer.MAX_VALUE)) {
                Optional<Candidates> candidates = only.candidates();
                TextData scored =
                        candidates.isPresent() ? trained.select(candidates.get().all()) : trained;
                kept.requireTrain(scored);
                ReportedExamples shown = ReportedExamples.of(scored);
                if (self) {
                    write(kept, shown, ReportedExamples.byId(), groups(train, kept), List.of());
                } else {
                    try (TextData asked = opened.questions(Objects.requireNonNull(queries))) {
                        kept.requireQueries(asked);
                        write(kept, shown, ReportedExamples.of(asked), groups(train, kept), List.of());
                    }
                }
            }
        } else {
            try (Texts trained = new Texts(texts);
                    Texts asked = new Texts(queryTexts)) {
                List<String> warnings = Stream.concat(
                                Stream.of(trained, asked).flatMap(Texts::counted), trained.withoutTokens(kept))
                        .toList();
                write(
                        kept,
                        trained.examples("training example"),
                        asked.examples("question"),
                        groups(texts, kept),
                        warnings);
            }
        }
        return 0;
    }

    private void requireTogether(boolean self) {
        if (self && (queries != null || queryTexts != null || queryImages != null)) {
            throw output.wrong(
                    "the scores are of training examples for themselves, so there are no questions: leave out"
                            + " --queries, --query-texts and --query-images");
        }
        boolean lines = train != null && (self || queries != null);
        boolean own = texts != null || queryTexts != null;
        if (model.isGiven() ? !lines || own : train != null || queries != null || only.isGiven()) {
            throw output.wrong(
                    "--model, --train and --queries (not for scores of self) belong together, with --only for some of the lines; give"
                            + " --texts and --query-texts in their place where there is no model");
        }
        if (groupBy != null && texts == null && train == null) {
            throw output.wrong("--group-by names a field of the training set's lines: give --texts too");
        }
        if (format == Form.JSON && (characters != null || images != null || queryImages != null)) {
            throw output.wrong(
                    "--characters, --images and --query-images are of a page: --format json has texts whole and"
                            + " no pictures");
        }
        if (columns.areGiven() && !own) {
            throw output.wrong("--text-column and --id-column are of --texts and --query-texts, which are missing");
        }
    }

    private void requireShades(ReportedScores kept) {
        if (shadeLayer != null && !kept.tokenLayers().contains(shadeLayer)) {
            throw output.wrong("--shade-layer: there are no parts by token of layer " + Terminal.text(shadeLayer)
                    + "; the scores have those of " + Terminal.text(String.valueOf(kept.tokenLayers()))
                    + (kept.tokenLayers().isEmpty() ? ", score with --per-layer --per-token" : ""));
        }
    }

    /** A file of texts that may not be there. */
    private final class Texts implements AutoCloseable {
        private final Optional<ExampleTexts> file;

        Texts(@Nullable Path path) throws IOException {
            file = path == null ? Optional.empty() : Optional.of(ExampleTexts.open(path, columns));
        }

        ReportedExamples examples(String what) {
            return file.map(texts -> ReportedExamples.of(texts, what)).orElseGet(ReportedExamples::byId);
        }

        Stream<String> counted() {
            return file
                    .filter(ExampleTexts::numbered)
                    .map(lines -> lines.file().getFileName()
                            + " has no ids: its lines were counted from 1, while captures without ids are counted from 0. Compare"
                            + " one example with its score.")
                    .stream();
        }

        /** Parts by token of which the page can show none. */
        Stream<String> withoutTokens(ReportedScores kept) {
            return file
                    .filter(lines -> kept.hasTokens()
                            && lines.ids().length > 0
                            && lines.tokens(0).isEmpty())
                    .map(lines -> "The scores have parts by token, but "
                            + lines.file().getFileName()
                            + " does not say what its tokens are, so none is shaded. Lines of JSON may have them as a list,"
                            + " \"tokens\".")
                    .stream();
        }

        @Override
        public void close() throws IOException {
            if (file.isPresent()) {
                file.get().close();
            }
        }
    }

    private Map<Long, String> groups(@Nullable Path lines, ReportedScores kept) throws IOException {
        if (groupBy == null || lines == null) {
            return Map.of();
        }
        try (ExampleTexts open = ExampleTexts.open(lines, columns)) {
            return open.fields(kept.trainIds(), groupBy);
        }
    }

    private void write(
            ReportedScores kept,
            ReportedExamples trained,
            ReportedExamples asked,
            Map<Long, String> groups,
            List<String> warnings)
            throws IOException {
        List<Pictures> pictures = new ArrayList<>();
        ReportedExamples shown = withPictures(trained, images, "t", pictures);
        ReportedExamples questions = withPictures(asked, queryImages, "q", pictures);
        Report report = new Reporting(kept, shown, questions, groups, examples, Optional.ofNullable(shadeLayer))
                .report(warnings);
        ResultFile.write(out, writer -> {
            if (format == Form.HTML) {
                new ReportPage(report, pictures, charactersOf(report)).write(writer);
            } else {
                writer.write(Output.json(report.json()));
                writer.write('\n');
            }
        });
        Map<String, Object> result = new LinkedHashMap<>();
        result.put(format == Form.HTML ? "page" : "report", out.toString());
        if (!report.self()) {
            result.put("questions", report.questions().size());
        }
        result.put("training examples", report.scored());
        result.put("numbers", report.unit());
        result.put("warnings", report.warnings());
        output.print(result);
    }

    /** As many as are asked for, or as a page can have that opens at once. */
    private int charactersOf(Report report) {
        return characters != null
                ? characters
                : ReportPage.characters(report.questions().size() * 2 * examples);
    }

    private ReportedExamples withPictures(
            ReportedExamples plain, @Nullable Path folder, String prefix, List<Pictures> pictures) {
        if (folder == null) {
            return plain;
        }
        Pictures added = Pictures.of(folder, prefix, pictureBytes);
        pictures.add(added);
        return plain.with(added);
    }
}
