package io.github.influence4j.cli;

import io.github.influence4j.lm.text.PlainTexts;
import io.github.influence4j.text.search.Bm25Index;
import io.github.influence4j.text.search.TfIdfMatch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code influence candidates}. */
@Command(
        name = "candidates",
        description = "Finds the training examples that share words with the questions, so that only they are scored.",
        sortOptions = false)
final class CandidatesCommand implements Callable<Integer> {

    @Mixin
    private final Output output = new Output();

    @Option(names = "--texts", required = true, paramLabel = "FILE", description = "the training set, lines of JSON")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path texts;

    @Option(names = "--queries", required = true, paramLabel = "FILE", description = "the questions, lines of JSON")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path queries;

    @Option(
            names = "--top",
            paramLabel = "SHARE",
            converter = ShareConverter.class,
            description = "examples found for each question: 2%% of all, or a number (default: ${DEFAULT-VALUE})",
            defaultValue = "2%")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Share top;

    /** How texts are found by words. */
    enum Method {
        BM25,
        TFIDF,
        BOTH;

        List<TfIdfMatch> search(Bm25Index index, String question, int most) {
            List<TfIdfMatch> found = new ArrayList<>();
            if (this != TFIDF) {
                found.addAll(index.search(question, most));
            }
            if (this != BM25) {
                found.addAll(index.searchByTfIdf(question, most));
            }
            return found;
        }
    }

    @Option(
            names = "--method",
            paramLabel = "HOW",
            completionCandidates = Words.Searches.class,
            description =
                    "${COMPLETION-CANDIDATES}: bm25 counts words in short texts more, tfidf only whether a word is"
                            + " there, as the paper does; both take what either finds (default: bm25)")
    private Method method = Method.BM25;

    @Option(
            names = "--sample",
            paramLabel = "N",
            converter = Batches.CountConverter.class,
            description =
                    "as many of the others, at random: score then says what the search is likely to have missed (default: none)")
    private int sample;

    @Option(names = "--seed", paramLabel = "S", description = "of the sample (default: ${DEFAULT-VALUE})")
    private long seed = 1;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "receives the ids, for --only")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path out;

    @Override
    public Integer call() throws IOException {
        if (sample == 0 && output.isGiven("--seed")) {
            throw output.wrong("--seed is of --sample, which is missing");
        }
        ResultFile.require(out, List.of(texts, queries));
        try (PlainTexts train = PlainTexts.open(texts);
                PlainTexts asked = PlainTexts.open(queries);
                Bm25Index index = Bm25Index.of(train)) {
            long[] ids = train.ids();
            TreeSet<Integer> found = new TreeSet<>();
            for (String question : asked) {
                method.search(index, question, top.of(ids.length)).stream()
                        .map(TfIdfMatch::id)
                        .map(Math::toIntExact)
                        .forEach(found::add);
            }
            if (found.isEmpty()) {
                throw new IllegalArgumentException("no line of " + texts + " shares a word with a question");
            }
            List<Integer> others = new ArrayList<>(IntStream.range(0, ids.length)
                    .filter(place -> !found.contains(place))
                    .boxed()
                    .toList());
            Collections.shuffle(others, new Random(seed));
            List<Integer> drawn = others.subList(0, Math.min(sample, others.size()));
            List<Long> chosen = found.stream().map(place -> ids[place]).toList();
            List<Long> beside = drawn.stream().sorted().map(place -> ids[place]).toList();
            new Candidates(chosen, beside, ids.length).write(out);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("candidates", out.toString());
            result.put("examples found", chosen.size());
            result.put("of examples", ids.length);
            result.put("sample of the others", beside.size());
            result.put("questions", asked.ids().length);
            output.print(result);
        }
        return 0;
    }

    /** A part of all examples, or a number of them. */
    private record Share(double part, int number) {
        int of(int all) {
            return number > 0 ? Math.min(number, all) : (int) Math.max(1, Math.ceil(part * all));
        }
    }

    static final class ShareConverter implements ITypeConverter<Share> {

        private static final Pattern SHARE = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(%?)");

        @Override
        public Share convert(String text) {
            Matcher matcher = SHARE.matcher(text);
            if (matcher.matches()) {
                double value = Double.parseDouble(matcher.group(1));
                if (!matcher.group(2).isEmpty() && value > 0 && value <= 100) {
                    return new Share(value / 100, 0);
                }
                if (matcher.group(2).isEmpty() && value >= 1 && value == Math.rint(value)) {
                    return new Share(0, (int) value);
                }
            }
            throw new TypeConversionException("must be a share such as 2% or a whole number, found '" + text + "'");
        }
    }
}
