package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.lm.text.TextExample;
import io.github.influence4j.lm.text.TokenisedText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of a report. */
class ReportTest {

    private static final Path MODELS = Path.of("../influence-lm/src/test/resources/parity-lm");
    private static final Pattern SHADE = Pattern.compile("<span class=\"[hr][1-5]");
    private static final int NO = TextExample.NOT_COUNTED;

    @TempDir
    private Path folder;

    private Ran run(String line) {
        return Influence.runIn(folder, line);
    }

    private void done(String line) {
        Ran ran = run(line);
        assertEquals(0, ran.exitCode(), ran.err());
    }

    @Test
    void thePageHasTheQuestionsAndExamplesAndEscapesThem() throws IOException {
        // a tokeniser whose tokens are hostile
        Path model = Files.createDirectory(folder.resolve("model"));
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(MODELS.resolve("llama").resolve(name), model.resolve(name));
        }
        Files.writeString(
                model.resolve("tokenizer.json"),
                "{\"version\":\"1.0\",\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},\"model\":{\"type\":\"WordLevel\","
                        + "\"unk_token\":\"?\",\"vocab\":{\"?\":0,\"<script>alert(1)</script>\":1,\"Emma\":2,\"wrote\":3}}}");
        Files.writeString(
                folder.resolve("train.jsonl"),
                "{\"text\":\"Emma wrote <script>alert(1)</script>\"}\n{\"text\":\"Emma Emma wrote\"}\n"
                        + "{\"text\":\"wrote wrote Emma\"}\n");
        Files.writeString(
                folder.resolve("questions.jsonl"),
                "{\"prompt\":\"Emma\",\"completion\":\" <script>alert(1)</script>\"}\n");
        done("fit --model @model --data @train.jsonl --out @factors");
        String score = "score --model @model --factors @factors --train @train.jsonl --queries @questions.jsonl";
        done(score + " --per-token --out @scores");
        done(score + " --per-layer --out @bylayer");
        String report = "report --model @model --train @train.jsonl --queries @questions.jsonl";
        done(report + " --scores @scores --out @page.html");
        done(report + " --scores @bylayer --out @layers.html");
        done(score + " --per-token --per-layer --top-k 1 --out @top");
        done(report + " --scores @top --out @top.html");
        done(score + " --per-token --top-k 1 --out @kept");
        done(report + " --scores @kept --out @kept.html");
        done(score + " --top-k 1 --out @totals");
        done(report + " --scores @totals --out @totals.html");
        String page = Files.readString(folder.resolve("page.html"));
        requireSameExamples(page, Files.readString(folder.resolve("top.html")));
        requireSameExamples(page, Files.readString(folder.resolve("kept.html")));
        assertTrue(Files.exists(folder.resolve("top/top_layer_token_scores.safetensors")));
        assertFalse(Files.exists(folder.resolve("kept/top_layer_token_scores.safetensors")));
        assertFalse(
                SHADE.matcher(Files.readString(folder.resolve("totals.html"))).find());
        assertFalse(page.contains("<script"), page);
        assertTrue(page.contains("<span class=\"c\">"), page);
        assertTrue(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), page);
        assertTrue(SHADE.matcher(page).find(), page);
        assertTrue(page.contains("name=\"viewport\""), page);
        assertFalse(page.contains("http:") || page.contains("https:"), "the page needs nothing else");
        assertTrue(Files.readString(folder.resolve("layers.html")).contains("model.layers.0.mlp."));
        Files.writeString(folder.resolve("train.jsonl"), "{\"text\":\"Emma wrote\"}\n");
        Ran other = run(report + " --scores @scores --out @page.html");
        assertEquals(3, other.exitCode());
        assertTrue(other.err().contains("train.jsonl: has other examples than those that were scored"), other.err());
    }

    /** What is at an end and on its side of 0 stands on both pages, with the same shades. */
    private static void requireSameExamples(String whole, String top) {
        assertTrue(SHADE.matcher(top).find() && top.contains("model.layers.0.mlp."), top);
        List<String> kept = examples(top);
        assertFalse(kept.isEmpty());
        assertTrue(examples(whole).containsAll(kept), top);
    }

    private static List<String> examples(String page) {
        return page.lines()
                .filter(line ->
                        line.startsWith("<div class=\"card\"><div class=\"meta\">example ") && line.contains(" <b>"))
                // shares of layers stand on the one page only
                .map(line -> line.replaceAll("<div class=\"meta\"><span>model.layers.*?</div>", ""))
                .toList();
    }

    @Test
    void piecesAreTheWholeTextAndTokensOfOneCharacterAreOnePiece() {
        // the second character has two tokens, and a space belongs to none
        TokenisedText tokens =
                new TokenisedText(new int[] {1, 2, 3, 4}, new int[] {0, 1, 1, 4}, new int[] {1, 3, 3, 5});
        TextExample example = new TextExample("a🙂 b!", tokens, new int[] {NO, 2, 3, NO}, Optional.empty(), false);
        List<ShadedText.Piece> pieces = ShadedText.of(example, new double[] {1, -1, -1, 0});
        assertEquals(
                List.of("a", "🙂", " ", "b", "!"),
                pieces.stream().map(ShadedText.Piece::text).toList());
        assertEquals(
                List.of(false, true, false, false, false),
                pieces.stream().map(ShadedText.Piece::counted).toList());
        // of the largest part, 1 of a token; two tokens of one character have 2 together, the darkest shade
        assertEquals(
                List.of(5, -5, 0, 0, 0),
                pieces.stream().map(ShadedText.Piece::shade).toList());
        assertEquals(
                List.of(1.0, -2.0, 0.0, 0.0, 0.0),
                pieces.stream().map(ShadedText.Piece::part).toList());
    }
}
