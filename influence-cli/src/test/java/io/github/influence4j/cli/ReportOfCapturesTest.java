package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.scores.ScoreReader;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reports of scores of captures: texts from lines and tables, pictures, groups, and the same for programs. */
class ReportOfCapturesTest {

    private static final int EXAMPLES = 24;
    private static final Pattern TAG = Pattern.compile("<[a-zA-Z!/][^>]*>");

    /** What a page may consist of; nothing of it runs, loads or leads elsewhere than to a place on the page. */
    private static final Pattern HARMLESS = Pattern.compile(
            "<(!DOCTYPE html|html lang=\"en\"|meta [^>]*|(div|span|p|section|svg|path|polyline|a|details|table|th|td|ol)( (class|id|dir|role"
                    + "|aria-label|viewBox|d|fill|stroke|stroke-width|stroke-dasharray|points)=\"[^\"<>]*\"| href=\"#q-?\\d+\""
                    + "| style=\"width:[0-9.]+%\")*/?|/?(head|title|style|body|h1|h2|h3|p|div|span|section|bdi|b|ul|ol|li|table|tr|td|th"
                    + "|details|summary|a|svg|html))>");

    @TempDir
    private Path folder = Path.of("");

    @BeforeEach
    void score() throws IOException {
        new MadeCaptures(30, MadeCaptures.Labels.DRAWN).write(folder.resolve("sampled"), CaptureObjective.SAMPLED, 30);
        new MadeCaptures(EXAMPLES, MadeCaptures.Labels.DRAWN)
                .write(folder.resolve("train"), CaptureObjective.TRAINING, 5);
        new MadeCaptures(3, MadeCaptures.Labels.DRAWN)
                .write(folder.resolve("queries"), CaptureObjective.MEASUREMENT, 3);
        done("fit --captures @sampled --out @factors");
        done("score --factors @factors --train @train --queries @queries --out @scores --per-layer --per-token");
        write(
                "train.jsonl",
                e -> "{\"id\": " + e + ", \"text\": \"train text " + e + "\", \"author\": \"author " + e % 3 + "\"}");
        Files.writeString(
                folder.resolve("questions.jsonl"),
                IntStream.range(100, 103)
                        .mapToObj(e -> "{\"id\": " + e + ", \"text\": \"question " + e + "\"}\n")
                        .reduce("", String::concat));
    }

    private void write(String name, java.util.function.IntFunction<String> line) throws IOException {
        Files.write(
                folder.resolve(name),
                IntStream.range(100, 100 + EXAMPLES)
                        .map(e -> 223 - e) // another order than that of the captures
                        .mapToObj(line)
                        .toList());
    }

    private Ran done(String line) {
        Ran ran = Influence.runIn(folder, line);
        assertEquals(0, ran.exitCode(), ran.err());
        return ran;
    }

    private String page(String options) throws IOException {
        done("report --scores @scores --out @page.html " + options);
        return Files.readString(folder.resolve("page.html"));
    }

    /** Ids of the examples of the first list of each question. */
    private static List<Long> shown(String page) {
        List<Long> ids = new ArrayList<>();
        Matcher matcher =
                Pattern.compile("<div class=\"meta\">example (\\d+) <b>").matcher(page);
        while (matcher.find()) {
            ids.add(Long.parseLong(matcher.group(1)));
        }
        return ids;
    }

    @Test
    void textsComeByIdFromLinesAndTables() throws IOException {
        String lines = page("--texts @train.jsonl --query-texts @questions.jsonl --examples 2");
        InfluenceScores scores = ScoreReader.pairwise(folder.resolve("scores"));
        List<Long> expected = new ArrayList<>();
        for (int q = 0; q < 3; q++) {
            double[] row = scores.row(q);
            List<Integer> order = IntStream.range(0, row.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble(z -> -row[z]))
                    .toList();
            for (int place : List.of(0, 1, row.length - 1, row.length - 2)) {
                expected.add(scores.trainIds()[order.get(place)]);
            }
        }
        assertEquals(expected, shown(lines));
        for (long id : expected) {
            assertTrue(lines.contains("train text " + id), () -> "text of " + id);
        }
        assertTrue(lines.contains("question 101"), lines);
        assertTrue(lines.contains("<span class=\"label\">hidden</span>"), lines);
        Files.writeString(
                folder.resolve("table.csv"),
                "\ufeffnumber,\"what, it says\",author\n"
                        + IntStream.range(100, 100 + EXAMPLES)
                                .mapToObj(e -> e + ",\"train \"\"text\"\"\n " + e + "\",author " + e % 3 + "\n")
                                .reduce("", String::concat)
                        + "\n");
        Ran ran = Influence.run(
                "report",
                "--scores",
                folder.resolve("scores").toString(),
                "--texts",
                folder.resolve("table.csv").toString(),
                "--text-column",
                "what, it says",
                "--id-column",
                "number",
                "--examples",
                "2",
                "--out",
                folder.resolve("table.html").toString());
        assertEquals(0, ran.exitCode(), ran.err());
        String table = Files.readString(folder.resolve("table.html"));
        assertEquals(expected, shown(table));
        assertTrue(table.contains("train &quot;text&quot;\n " + expected.get(0)), table);
        assertEquals(expected, shown(page("--examples 2")), "by id alone");
    }

    @Test
    void bestAndWorstAndSumsOfQuestionsHavePagesToo() throws IOException {
        String all = page("--texts @train.jsonl --examples 2");
        done("score --factors @factors --train @train --queries @queries --out @scores --top-k 2 --per-token");
        String top = page("--texts @train.jsonl --examples 2");
        assertEquals(shown(all), shown(top));
        assertFalse(top.contains("<h3>All scores</h3>"), top);
        done("score --factors @factors --train @train --queries @queries --out @scores --aggregate mean");
        assertTrue(page("--texts @train.jsonl").contains("All questions together"));
        done("index build --factors @factors --train @train --out @index --bytes 38");
        done("index query --index @index --factors @factors --queries @queries --out @scores --top-k 3");
        String estimates = page("--texts @train.jsonl");
        assertTrue(estimates.contains("estimates from an index"), estimates);
    }

    /** What a text says is shown, and nothing of it is part of the page. */
    @Test
    void hostileTextsAreShownAndDoNothing() throws IOException {
        String hostile =
                "</div></script><script>alert(1)</script><img src=x onerror=alert(2)> \\\"'`{{count}} javascript:alert(3)"
                        + " ]]> --> &amp; \\u202e\\u2066 \\u001b[2J \\u0000";
        write(
                "train.jsonl",
                e -> "{\"id\": " + e + ", \"text\": \"" + hostile + e + "\", \"author\": \"<b>" + hostile + "\"}");
        Files.writeString(
                folder.resolve("questions.jsonl"),
                IntStream.range(100, 103)
                        .mapToObj(e -> "{\"id\": " + e + ", \"text\": \"" + hostile + "\"}\n")
                        .reduce("", String::concat));
        String page = page("--texts @train.jsonl --query-texts @questions.jsonl --group-by author");
        requireHarmless(page);
        assertTrue(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), page);
        assertTrue(page.contains("\u27e8U+202E\u27e9\u27e8U+2066\u27e9"), page);
        assertTrue(page.contains("default-src 'none'"), page);
        assertTrue(
                page.codePoints()
                        .noneMatch(
                                c -> c == 0x202e || c == 0x2066 || Character.isISOControl(c) && c != '\n' && c != '\t'),
                "no control");
    }

    private static void requireHarmless(String page) {
        Matcher tags = TAG.matcher(page);
        int count = 0;
        while (tags.find()) {
            assertTrue(HARMLESS.matcher(tags.group()).matches(), tags.group());
            count++;
        }
        assertTrue(count > 50, "tags");
    }

    @Test
    void picturesAreInThePageOnceAndLookedAt() throws IOException {
        Path images = Files.createDirectory(folder.resolve("images"));
        for (int e = 100; e < 100 + EXAMPLES; e++) {
            BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
            image.setRGB(e % 8, 3, 0xffffff);
            String type = e % 2 == 0 ? "png" : "jpg";
            assertTrue(ImageIO.write(image, type, images.resolve(e + "." + type).toFile()));
        }
        String page = page("--images @images --query-images @images --examples 3");
        requireHarmless(page);
        List<Long> ids = shown(page);
        for (long id : ids.stream().distinct().toList()) {
            String type = id % 2 == 0 ? "png" : "jpeg";
            byte[] bytes = Files.readAllBytes(images.resolve(id + (id % 2 == 0 ? ".png" : ".jpg")));
            String encoded = "data:image/" + type + ";base64,"
                    + java.util.Base64.getEncoder().encodeToString(bytes) + ")";
            assertTrue(page.contains(encoded), () -> "picture of " + id);
        }
        long embedded = page.lines()
                .filter(line -> line.contains("{background-image:url(data:"))
                .count();
        assertEquals(ids.stream().distinct().count() + 3, embedded, "each once, and those of the questions");
        long best = ids.get(0);
        Path file = images.resolve(best + (best % 2 == 0 ? ".png" : ".jpg"));
        Files.writeString(file, "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>");
        Ran svg = Influence.runIn(folder, "report --scores @scores --out @page.html --images @images");
        assertEquals(3, svg.exitCode());
        assertTrue(svg.err().contains("is no picture in PNG, JPEG, GIF or WebP, whatever its name says"), svg::err);
        Files.write(file, new byte[Pictures.MOST + 1]);
        Ran large = Influence.runIn(folder, "report --scores @scores --out @page.html --images @images");
        assertEquals(3, large.exitCode());
        assertTrue(large.err().contains("make it smaller"), large::err);
        Files.delete(file);
        Ran none = Influence.runIn(folder, "report --scores @scores --out @page.html --images @images");
        assertEquals(3, none.exitCode());
        assertTrue(none.err().contains("has no picture of example " + best), none::err);
        assertEquals(page, Files.readString(folder.resolve("page.html")), "the page of before stays");
    }

    @Test
    void programsGetTheSameContent() throws IOException {
        done(
                "report --scores @scores --texts @train.jsonl --query-texts @questions.jsonl --group-by author --examples 2"
                        + " --format json --out @report.json");
        String text = Files.readString(folder.resolve("report.json"));
        assertTrue(text.chars().allMatch(c -> c < 127));
        JsonNode json = JsonMapper.builder().build().readTree(text);
        InfluenceScores scores = ScoreReader.pairwise(folder.resolve("scores"));
        assertEquals(EXAMPLES, json.get("training examples").asInt());
        JsonNode question = json.get("questions").get(1);
        assertEquals(101, question.get("id").asLong());
        JsonNode best = question.get("helpful").get(0);
        double highest = Arrays.stream(scores.row(1)).max().orElseThrow();
        assertEquals(highest, best.get("score").asDouble());
        assertEquals(highest / EXAMPLES, best.get("per copy").asDouble(), 1e-15 * highest);
        assertEquals(
                "train text " + best.get("id").asLong(),
                best.get("shown").get("text").get(0).get("text").asString());
        double sum = 0;
        for (int z = 0; z < EXAMPLES; z++) {
            sum += scores.trainIds()[z] % 3 == 1 ? scores.score(1, z) : 0;
        }
        JsonNode group = null;
        for (String end : List.of("helpful groups", "harmful groups")) {
            for (JsonNode one : question.get(end)) {
                group = one.get("group").asString().equals("author 1") ? one : group;
            }
        }
        assertEquals(
                sum / EXAMPLES,
                java.util.Objects.requireNonNull(group).get("per copy").asDouble(),
                1e-12 * Math.abs(sum));
        int counted = 0;
        for (JsonNode count : question.get("distribution").get("counts")) {
            counted += count.asInt();
        }
        assertEquals(EXAMPLES, counted);
        double shares = 0;
        for (JsonNode layer : question.get("layers")) {
            shares += layer.get("share").asDouble();
        }
        assertEquals(1, shares, 1e-12);
        assertTrue(json.get("provenance").get("options").has("damping"), text);
    }

    @Test
    void tokensOfALineAreShaded() throws IOException {
        write(
                "train.jsonl",
                e -> "{\"id\": " + e + ", \"text\": \"abc\", \"tokens\": [\"a<\", \"b\", \"c\", \"d\", \"e\", \"f\"]}");
        String page = page("--texts @train.jsonl");
        requireHarmless(page);
        assertTrue(
                Pattern.compile("<span class=\"[hr]5\">(a&lt;|[b-f])+</span>")
                        .matcher(page)
                        .find(),
                page);
    }

    /** By layer and token at once: tokens are shaded by a layer on choice, and programs get all of it. */
    @Test
    void tokensAreShadedByALayer() throws IOException {
        write(
                "train.jsonl",
                e -> "{\"id\": " + e + ", \"text\": \"abc\", \"tokens\": [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\"]}");
        InfluenceScores scores = ScoreReader.pairwise(folder.resolve("scores"));
        for (String layer : scores.tokenLayers()) {
            done("report --scores @scores --texts @train.jsonl --examples 1 --format json --out @report.json"
                    + " --shade-layer " + layer);
            JsonNode best = JsonMapper.builder()
                    .build()
                    .readTree(Files.readString(folder.resolve("report.json")))
                    .get("questions")
                    .get(0)
                    .get("helpful")
                    .get(0);
            int z = IntStream.range(0, EXAMPLES)
                    .filter(k -> scores.trainIds()[k] == best.get("id").asLong())
                    .findFirst()
                    .orElseThrow();
            double[] parts = scores.tokens(layer, 0, z);
            for (int t = 0; t < parts.length; t++) {
                double part = parts[t] / EXAMPLES;
                assertEquals(part, best.get("layer tokens").get(layer).get(t).asDouble(), 1e-15 * Math.abs(part));
                JsonNode piece = best.get("shown").get("text").get(t);
                assertEquals(part, piece.get("part").asDouble(), 1e-15 * Math.abs(part), layer);
            }
            String page = page("--texts @train.jsonl --shade-layer " + layer);
            assertTrue(page.contains("score through layer <bdi>" + layer + "</bdi>"), page);
        }
        refused("--shade-layer nosuch", 2, "there are no parts by token of layer nosuch; the scores have those of [");
    }

    /** Defect: scores of examples for themselves had no page. */
    @Test
    void examplesAndThemselves() throws IOException {
        done("self --factors @factors --train @train --out @scores");
        SelfInfluence scores = ScoreReader.self(folder.resolve("scores"));
        String page = page("--texts @train.jsonl --group-by author --examples 4");
        requireHarmless(page);
        List<Long> largest = scores.ranking().stream()
                .limit(4)
                .map(io.github.influence4j.api.Influence::trainId)
                .toList();
        assertEquals(largest, shown(page));
        assertTrue(page.contains("train text " + largest.get(0)), page);
        assertTrue(page.contains("by how much an example's own loss would rise without it"), page);
        assertTrue(page.contains("<h3>All scores</h3>"), page);
        assertFalse(page.contains("harmful") || page.contains("Question"), page);
        done("report --scores @scores --group-by author --texts @train.jsonl --format json --out @report.json");
        JsonNode json = JsonMapper.builder().build().readTree(Files.readString(folder.resolve("report.json")));
        assertEquals("self-influence", json.get("kind").asString());
        JsonNode all = json.get("questions").get(0);
        assertEquals(3, all.get("helpful groups").size());
        double sum = 0;
        for (JsonNode group : all.get("helpful groups")) {
            sum += group.get("sum").asDouble();
        }
        double expected = Arrays.stream(scores.scores()).sum();
        assertEquals(expected, sum, 1e-12 * expected);
        double shares = 0;
        for (JsonNode layer : all.get("layers")) {
            shares += layer.get("share").asDouble();
        }
        assertEquals(1, shares, 1e-12);
        refused("--query-texts @questions.jsonl", 2, "so there are no questions");
    }

    @Test
    void whatDoesNotBelongToTheScoresIsRefused() throws IOException {
        write("train.jsonl", e -> "{\"text\": \"no id " + e + "\"}");
        refused("--texts @train.jsonl", "captures without ids are counted from 0");
        refused("--texts @train.jsonl --id-column number", "which --id-column names");
        write("train.jsonl", e -> "{\"id\": " + (e + 7) + ", \"text\": \"other " + e + "\"}");
        refused("--texts @train.jsonl", "has no line for training example 10");
        Files.writeString(folder.resolve("twice.csv"), "id,text\n1,a\n1,b\n");
        refused("--texts @twice.csv", "line 3 has the id 1 of an earlier row");
        Files.writeString(folder.resolve("word.csv"), "id,text\none,a\n");
        refused("--texts @word.csv", "line 2 has the id \"one\"; expected a whole number");
        Files.writeString(folder.resolve("short.csv"), "id,text\n1\n");
        refused("--texts @short.csv", "line 2 has 1 fields, the header 2");
        Files.writeString(folder.resolve("other.csv"), "id,words\n1,a\n");
        refused(
                "--texts @other.csv",
                "has no column \"text\"; its columns are [id, words], name one with --text-column");
        Files.writeString(folder.resolve("open.csv"), "id,text\n1,\"a\n");
        refused("--texts @open.csv", "is not CSV");
        Files.write(
                folder.resolve("latin.csv"),
                new byte[] {'i', 'd', ',', 't', 'e', 'x', 't', '\n', '1', ',', (byte) 0xe9});
        refused("--texts @latin.csv", "is not UTF-8");
        Files.writeString(folder.resolve("empty.csv"), "");
        refused("--texts @empty.csv", "is empty");
        refused("--texts @nosuch.csv", 4, "is not there");
        refused("--texts @twice.csv --train @twice.csv", 2, "belong together");
        refused("--group-by author", 2, "give --texts too");
        refused("--id-column author", 2, "which are missing");
        refused("--images @nosuch", "is not a folder");
    }

    private void refused(String options, String cause) {
        refused(options, 3, cause);
    }

    private void refused(String options, int code, String cause) {
        Ran ran = Influence.runIn(folder, "report --scores @scores --out @refused.html " + options);
        assertEquals(code, ran.exitCode(), ran.err());
        assertTrue(ran.err().contains(cause), ran.err());
        assertFalse(Files.exists(folder.resolve("refused.html")), options);
    }

    /** Defect: the page, the sums and the candidates could be written over what they were made of. */
    @Test
    void nothingIsWrittenOverAnInput() throws IOException {
        byte[] lines = Files.readAllBytes(folder.resolve("train.jsonl"));
        byte[] ids = Files.readAllBytes(folder.resolve("scores/ids.safetensors"));
        for (String line : List.of(
                "report --scores @scores --texts @train.jsonl --out @train.jsonl",
                "report --scores @scores --texts @train.jsonl --out @scores/ids.safetensors",
                "groups --scores @scores --texts @train.jsonl --group-by author --out @train.jsonl",
                "groups --scores @scores --texts @train.jsonl --group-by author --out @scores/ids.safetensors",
                "candidates --texts @train.jsonl --queries @questions.jsonl --out @train.jsonl")) {
            Ran ran = Influence.runIn(folder, line);
            assertEquals(3, ran.exitCode(), line + ran.err());
            assertTrue(ran.err().contains("the result cannot be written to"), ran::err);
        }
        assertTrue(Arrays.equals(lines, Files.readAllBytes(folder.resolve("train.jsonl"))));
        assertTrue(Arrays.equals(ids, Files.readAllBytes(folder.resolve("scores/ids.safetensors"))));
        done("report --scores @scores --texts @train.jsonl --out @scores/page.html");
        done("report --scores @scores --texts @train.jsonl --out @scores/page.html");
    }
}
