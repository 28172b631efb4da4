package io.github.influence4j.cli;

import de.siegmar.fastcsv.writer.CsvWriter;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.store.scores.ScoreReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code influence groups}. */
@Command(
        name = "groups",
        description = {
            "Adds up the scores of training examples that belong together: of an author, a file, a class.",
            "A positive sum says that the group helps. Per copy it is about how much the measurement would rise without the"
                    + " group; of groups that are a large part of the data the order is right and the size may not be."
        },
        sortOptions = false)
final class GroupsCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Option(
            names = "--scores",
            required = true,
            paramLabel = "DIR",
            description = "what influence score wrote as safetensors: all scores, not the best and worst")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path scores;

    @Option(
            names = "--texts",
            required = true,
            paramLabel = "FILE",
            description = "the training set, lines of JSON or a table in CSV with a header")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path texts;

    @Option(
            names = "--group-by",
            required = true,
            paramLabel = "FIELD",
            description = "field of the lines, or column, that names the group")
    private String field = "";

    @Mixin
    private final Columns columns = new Columns();

    @Option(
            names = "--top",
            paramLabel = "K",
            converter = Batches.CountConverter.class,
            description = "groups of each end that are printed for a question (default: ${DEFAULT-VALUE})")
    private int top = 5;

    @Option(names = "--out", paramLabel = "FILE", description = "receives the sums of all groups, as CSV")
    private @Nullable Path out;

    @Override
    public Integer call() throws IOException {
        if (output.json() && output.isGiven("--top")) {
            throw output.wrong("--top is of the groups that are printed: --json has all of them");
        }
        if (out != null) {
            ResultFile.require(out, List.of(scores, texts));
        }
        if (ScoreReader.exists(scores) && ScoreReader.isTop(scores)) {
            throw new IllegalArgumentException(
                    scores + " holds the best and worst scores only, whose sums are not those of"
                            + " the groups; score without --top-k");
        }
        InfluenceScores all = ScoreReader.pairwise(scores);
        List<String> groups = groups(all.trainIds());
        PerCopy perCopy = PerCopy.of(all.provenance());
        List<List<GroupSum>> sums = IntStream.range(0, all.queryIds().length)
                .mapToObj(query -> GroupSum.of(all, query, groups, perCopy))
                .toList();
        int examples = groups.size();
        if (out != null) {
            write(out, all.queryIds(), sums, examples);
        }
        if (output.json()) {
            output.printJson(json(all.queryIds(), sums, examples));
        } else {
            print(all.queryIds(), sums, examples);
        }
        return 0;
    }

    /** The group of each training example, by its id. */
    private List<String> groups(long[] trainIds) throws IOException {
        try (ExampleTexts lines = ExampleTexts.open(texts, columns)) {
            Map<Long, String> groups = lines.fields(trainIds, field);
            return Arrays.stream(trainIds).mapToObj(groups::get).toList();
        }
    }

    private static void write(Path file, long[] queries, List<List<GroupSum>> sums, int examples) throws IOException {
        ResultFile.write(file, out -> {
            CsvWriter csv = CsvWriter.builder().build(out);
            csv.writeRecord("query", "group", "examples", "sum", "per_copy", "most_helpful", "most_harmful");
            for (int q = 0; q < queries.length; q++) {
                for (GroupSum one : sums.get(q)) {
                    csv.writeRecord(
                            Long.toString(queries[q]),
                            one.group(),
                            Integer.toString(one.examples()),
                            Double.toString(one.sum()),
                            Double.toString(one.perCopy()),
                            Long.toString(one.best()),
                            Long.toString(one.worst()));
                }
            }
            csv.flush();
        });
    }

    private static Map<String, Object> json(long[] queries, List<List<GroupSum>> sums, int examples) {
        List<Map<String, Object>> questions = new ArrayList<>();
        for (int q = 0; q < queries.length; q++) {
            List<Map<String, Object>> groups = new ArrayList<>();
            for (GroupSum one : sums.get(q)) {
                Map<String, Object> group = new LinkedHashMap<>();
                group.put("group", one.group());
                group.put("examples", one.examples());
                group.put("sum", one.sum());
                group.put("per copy", one.perCopy());
                group.put("most helpful", one.best());
                group.put("most harmful", one.worst());
                groups.add(group);
            }
            Map<String, Object> question = new LinkedHashMap<>();
            question.put("query", queries[q]);
            question.put("groups", groups);
            questions.add(question);
        }
        return Map.of("questions", questions);
    }

    private void print(long[] queries, List<List<GroupSum>> sums, int examples) {
        for (int q = 0; q < queries.length; q++) {
            List<GroupSum> all = sums.get(q);
            output.out()
                    .println("question " + queries[q] + ", " + all.size() + " groups of " + examples + " examples:");
            output.out().println("      per copy           sum  examples  group");
            boolean[] shown = new boolean[all.size()];
            Arrays.fill(shown, 0, Math.min(top, shown.length), true);
            Arrays.fill(shown, Math.max(0, shown.length - top), shown.length, true);
            for (int k = 0; k < shown.length; k++) {
                if (shown[k]) {
                    GroupSum one = all.get(k);
                    output.out()
                            .println(Terminal.text(String.format(
                                    Locale.ROOT,
                                    "%14.6g%14.6g%10d  %s",
                                    one.perCopy(),
                                    one.sum(),
                                    one.examples(),
                                    one.group())));
                } else if (shown[k - 1]) {
                    output.out().println("           ...");
                }
            }
        }
        output.out().flush();
    }
}
