package io.github.influence4j.cli;

import com.samskivert.mustache.Mustache;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.lm.text.TextExample;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.text.search.Bm25Index;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/** The page of a report: everything in one file, and every text escaped. */
final class ReportPage {

    /** Layers that are shown of a question, those of the largest share. */
    private static final int LAYERS = 8;

    /** Scores of the tail that are drawn. */
    private static final int TAIL = 100;

    private final ReportedScores scores;
    private final TextData train;
    private final TextData queries;
    private final int examples;

    ReportPage(ReportedScores scores, TextData train, TextData queries, int examples) {
        this.scores = scores;
        this.train = train;
        this.queries = queries;
        this.examples = examples;
        require("--train", train, scores.areOf(train.ids()));
        require("--queries", queries, Arrays.equals(queries.ids(), scores.queryIds()));
    }

    private static void require(String option, TextData data, boolean scored) {
        if (!scored) {
            throw new MalformedFileException(
                    data.files().get(0),
                    "has other examples than those that were scored; give with " + option
                            + " the file, and the --max-length, of the scores");
        }
    }

    String html() throws IOException {
        List<Object> questions = new ArrayList<>();
        try (Bm25Index index = Bm25Index.of(texts());
                InputStream template = ReportPage.class.getResourceAsStream("report.mustache")) {
            if (template == null) {
                throw new IllegalStateException("report.mustache is not on the class path");
            }
            for (int q = 0; q < scores.queryIds().length; q++) {
                questions.add(question(q, index));
            }
            Map<String, Object> page = new LinkedHashMap<>();
            page.put("questions", questions);
            page.put("count", train.size());
            page.put("shaded", scores.hasTokens());
            page.put(
                    "made",
                    String.join(
                            ", ",
                            scores.provenance().libraryVersion(),
                            scores.provenance().backend(),
                            scores.provenance().options().getOrDefault("index", "full scores")));
            return Mustache.compiler()
                    .escapeHTML(true)
                    .compile(new String(template.readAllBytes(), StandardCharsets.UTF_8))
                    .execute(page);
        }
    }

    private Iterable<String> texts() {
        return () ->
                Arrays.stream(train.ids()).mapToObj(id -> train.text(id).text()).iterator();
    }

    private Map<String, Object> question(int q, Bm25Index index) {
        TextExample asked = queries.text(scores.queryIds()[q]);
        InfluenceScores of = scores.of(q);
        List<Influence> helpful = of.topK(0, examples);
        Map<String, Object> question = new LinkedHashMap<>();
        question.put("id", scores.queryIds()[q]);
        question.put("text", ShadedText.of(asked, new double[0]));
        question.put("helpful", entries(of, helpful, true));
        question.put("harmful", entries(of, of.bottomK(0, examples), false));
        question.put("layers", layers(of));
        question.put("tail", tail(of));
        question.put("concentration", concentration(of));
        long[] ids = train.ids();
        List<Map<String, Object>> found = index.search(asked.text(), examples).stream()
                .map(match -> {
                    Map<String, Object> entry = new LinkedHashMap<>();
                    long id = ids[(int) match.id()]; // the index counts texts
                    entry.put("id", id);
                    entry.put("text", train.text(id).text());
                    entry.put("also", helpful.stream().anyMatch(each -> each.trainId() == id));
                    return entry;
                })
                .toList();
        question.put("words", found);
        return question;
    }

    /** Examples on the wrong side of 0 are left out: the least harmful of a helpful set is not harmful. */
    private List<Map<String, Object>> entries(InfluenceScores of, List<Influence> chosen, boolean helpful) {
        long[] ids = of.trainIds();
        List<Map<String, Object>> entries = new ArrayList<>();
        for (Influence each : chosen) {
            if (helpful ? each.score() <= 0 : each.score() >= 0) {
                continue;
            }
            int z = IntStream.range(0, ids.length)
                    .filter(k -> ids[k] == each.trainId())
                    .findFirst()
                    .orElseThrow();
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("id", each.trainId());
            entry.put("score", String.format(Locale.ROOT, "%.3g", each.score()));
            entry.put(
                    "text",
                    ShadedText.of(train.text(each.trainId()), of.hasTokens() ? of.tokens(0, z) : new double[0]));
            entries.add(entry);
        }
        return entries;
    }

    /** The share of a layer is that of its parts' magnitudes, over the training examples that were kept. */
    private static List<Map<String, Object>> layers(InfluenceScores of) {
        Map<String, Double> magnitudes = new LinkedHashMap<>();
        for (String layer : of.layers()) {
            double[] row = new double[of.trainIds().length];
            of.layer(layer).read(0, 1, row, 0);
            magnitudes.put(layer, Arrays.stream(row).map(Math::abs).sum());
        }
        double all =
                magnitudes.values().stream().mapToDouble(Double::doubleValue).sum();
        return magnitudes.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .limit(LAYERS)
                .map(entry -> {
                    double share = all == 0 ? 0 : 100 * entry.getValue() / all;
                    Map<String, Object> layer = new LinkedHashMap<>();
                    layer.put("name", entry.getKey());
                    layer.put("share", String.format(Locale.ROOT, "%.1f", share));
                    return layer;
                })
                .toList();
    }

    /** The points of a line: the largest scores against their ranks, both on logarithmic axes, in a box of 300 by 100. */
    private static String tail(InfluenceScores of) {
        double[] largest = positive(of);
        int count = Math.min(TAIL, largest.length);
        if (count < 2) {
            return "";
        }
        double top = Math.log(largest[0]);
        double range = Math.max(1e-9, top - Math.log(largest[count - 1]));
        StringBuilder points = new StringBuilder();
        for (int k = 0; k < count; k++) {
            points.append(String.format(
                    Locale.ROOT,
                    "%.1f,%.1f ",
                    300 * Math.log(k + 1.0) / Math.log(count),
                    100 * (top - Math.log(largest[k])) / range));
        }
        return points.toString().strip();
    }

    private String concentration(InfluenceScores of) {
        double[] largest = positive(of);
        double all = Arrays.stream(largest).sum();
        double first = Arrays.stream(largest).limit(10).sum();
        return all == 0
                ? "no example helps"
                : String.format(
                        Locale.ROOT,
                        "the first %d of %d examples that help%s have %.0f %% of their sum",
                        Math.min(10, largest.length),
                        largest.length,
                        scores.areAll() ? "" : " and were kept",
                        100 * first / all);
    }

    private static double[] positive(InfluenceScores of) {
        double[] sorted =
                Arrays.stream(of.row(0)).filter(score -> score > 0).sorted().toArray();
        double[] descending = new double[sorted.length];
        Arrays.setAll(descending, k -> sorted[sorted.length - 1 - k]);
        return descending;
    }
}
