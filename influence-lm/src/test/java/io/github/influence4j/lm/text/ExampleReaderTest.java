package io.github.influence4j.lm.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** Lines of the four forms, and of none. */
class ExampleReaderTest {

    private static final int VOCABULARY = 600;

    @TempDir
    Path folder;

    private ModelTokenizer tokenizer;

    @BeforeEach
    void open() throws Exception {
        tokenizer = ModelTokenizer.open(ModelTokenizerTest.FOLDER);
    }

    @AfterEach
    void close() {
        tokenizer.close();
    }

    private TextExample read(String line) throws IOException {
        return read(line.getBytes(StandardCharsets.UTF_8), Optional.of(tokenizer));
    }

    private TextExample read(byte[] line, Optional<ModelTokenizer> with) throws IOException {
        Path file = folder.resolve("data.jsonl");
        Files.write(file, line);
        try (JsonLines lines = JsonLines.open(file)) {
            return new ExampleReader(with, VOCABULARY).read(lines, lines.size() - 1);
        }
    }

    /** The text of the tokens that count, as a reader of the labels would see it. */
    private String counted(TextExample example) {
        int[] labels = example.labels();
        int[] counted = IntStream.range(0, labels.length)
                .filter(k -> labels[k] != TextExample.NOT_COUNTED)
                .peek(k -> assertEquals(example.tokens().ids()[k], labels[k]))
                .map(k -> labels[k])
                .toArray();
        return tokenizer.decode(counted);
    }

    @Test
    void allOfATextCounts() throws Exception {
        String text = "It is a truth universally acknowledged";
        TextExample example = read("{\"text\": \"" + text + "\", \"source\": {\"book\": 1}}");
        assertEquals(text, example.text());
        assertEquals(text, counted(example));
        assertArrayEquals(
                ModelTokenizerTest.expected().encodings().get(0).ids(),
                example.tokens().ids());
        assertEquals(19, example.counted());
    }

    @Test
    void theCompletionCountsAndThePromptDoesNot() throws Exception {
        TextExample example = read("{\"prompt\": \"Who wrote Persuasion?\", \"completion\": \" Jane Austen\"}");
        assertEquals("Who wrote Persuasion? Jane Austen", example.text());
        assertEquals(" Jane Austen", counted(example));
    }

    @Test
    void aTokenAcrossTheBorderCounts() throws Exception {
        // "ally" and the like are single tokens: as one text the border falls into one
        TextExample example = read("{\"prompt\": \"universal\", \"completion\": \"ly\"}");
        assertArrayEquals(
                tokenizer.encode("universally").ids(), example.tokens().ids());
        int last = example.labels().length - 1;
        assertTrue(example.tokens().starts()[last] < "universal".length());
        assertEquals(example.tokens().ids()[last], example.labels()[last]);
        assertEquals(TextExample.NOT_COUNTED, example.labels()[last - 1]);
    }

    @Test
    void anotherCompletionIsTheContrast() throws Exception {
        TextExample example = read("{\"prompt\": \"She is\", \"completion\": \" glad\", \"contrast\": \" sad\"}");
        assertEquals(" glad", counted(example));
        assertEquals(" sad", counted(example.contrast().orElseThrow()));
    }

    @Test
    void whatTheAssistantSaysCounts() throws Exception {
        String messages =
                "[{\"role\": \"user\", \"content\": \"Who?\"}, {\"role\": \"assistant\", \"content\": \"Jane.\"},"
                        + " {\"role\": \"user\", \"content\": \"And?\"}, {\"role\": \"assistant\", \"content\": \"Emma 🙂\"}]";
        TextExample example = read("{\"messages\": " + messages + "}");
        assertEquals("Jane.<|im_end|>\nEmma 🙂<|im_end|>\n", counted(example));
        assertTrue(example.text().startsWith("<|im_start|>system\nYou are a helpful assistant<|im_end|>\n"));
    }

    /** The opening of a first turn, and the message before it that the template adds, are not what the assistant says. */
    @Test
    void anAssistantThatSpeaksFirstSaysItsOwnWords() throws Exception {
        TextExample example = read("{\"messages\": [{\"role\": \"assistant\", \"content\": \"Jane.\"}]}");
        assertEquals("Jane.<|im_end|>\n", counted(example));
    }

    /** The mask of transformers 5.18's apply_chat_template with return_assistant_tokens_mask. */
    @Test
    void whatATemplateMarksAsGeneratedCounts() throws Exception {
        String template = "{% for m in messages %}{% if m.role == 'assistant' %}A: {% generation %}"
                + "{% if loop.last %}(so) {% endif %}{{ m.content }}!{% endgeneration %}{{ '\\n' }}{% else %}Q: {{ m.content + '\\n' }}"
                + "{% endif %}{% endfor %}";
        String messages =
                "[{\"role\": \"assistant\", \"content\": \"Jane 🙂\"}, {\"role\": \"user\", \"content\": \"And?\"},"
                        + " {\"role\": \"assistant\", \"content\": \"Emma\"}]";
        TextExample example = readWith(template, "{\"messages\": " + messages + "}");
        assertEquals("A: Jane 🙂!\nQ: And?\nA: (so) Emma!\n", example.text());
        assertEquals("Jane 🙂!(so) Emma!", counted(example));
        String changed =
                "{% set x %}{% generation %}{{ messages[0].content }}{% endgeneration %}{% endset %}{{ x | length }}";
        assertThrows(MalformedFileException.class, () -> readWith(changed, "{\"messages\": " + messages + "}"));
    }

    private TextExample readWith(String template, String line) throws IOException {
        Path file = ModelTokenizerTest.FOLDER.resolve("tokenizer.json");
        TokenizerConfig config = new TokenizerConfig(
                file,
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(ChatTemplate.of(file, template, Map.of())));
        try (ModelTokenizer with = ModelTokenizer.of(file, Files.readAllBytes(file), config)) {
            return read(line.getBytes(StandardCharsets.UTF_8), Optional.of(with));
        }
    }

    @Test
    void tokensAreReadWithoutATokeniser() throws Exception {
        byte[] line =
                "{\"input_ids\": [7, 5, 6, 9, 0], \"labels\": [-100, -100, 6, 9, -100], \"attention_mask\": [1, 1, 1, 1, 0]}"
                        .getBytes(StandardCharsets.UTF_8);
        TextExample example = read(line, Optional.empty());
        assertArrayEquals(new int[] {7, 5, 6, 9}, example.tokens().ids());
        assertArrayEquals(new int[] {-100, -100, 6, 9}, example.labels());
        assertEquals(2, example.counted());
        assertEquals("7 5 6 9 ", example.text());
    }

    @Test
    void tokensHaveTheirTexts() throws Exception {
        TextExample example = read("{\"input_ids\": [43, 86, 356]}");
        assertEquals("It is", example.text());
        assertEquals("It is", counted(example));
    }

    @Test
    void aTextIsCutAtItsEnd() throws Exception {
        TextExample cut = read("{\"prompt\": \"She is\", \"completion\": \" glad\", \"contrast\": \" sad\"}")
                .cut(3);
        assertTrue(cut.truncated());
        assertEquals(3, cut.tokens().size());
        assertEquals(3, cut.contrast().orElseThrow().tokens().size());
    }

    @Test
    void malformedLinesAreErrorsWithTheirNumber() throws Exception {
        refused("{\"text\": \"a\"", "line 1 is not the JSON it should be");
        refused("\n\n{\"text\": 3}", "line 3: \"text\" must be a text, found \"3\"");
        refused("{\"text\": \"fine\"}\n{}", "line 2: expected one of \"text\"", "found none");
        refused("{\"text\": \"a\", \"prompt\": \"b\"}", "line 1", "found [text, prompt]");
        refused("{\"prompt\": \"a\"}", "line 1: \"completion\" must be there");
        refused("[1]", "line 1 must be an object");
        refused("{\"text\": \"\\ud800\"}", "line 1: half a surrogate pair");
        refused("{\"input_ids\": [1, 600]}", "line 1: token 600 at place 1 is not from 0 to 599");
        refused("{\"input_ids\": [1, 2], \"labels\": [1, -1]}", "line 1: label -1 at place 1");
        refused("{\"input_ids\": [1, 2], \"labels\": [1]}", "line 1: 2 input_ids with 1 labels");
        refused("{\"input_ids\": [1, 2, 3], \"attention_mask\": [1, 0, 1]}", "line 1: attention_mask has 0 at token 1");
        refused("{\"input_ids\": [1, 99999999999]}", "line 1: \"input_ids\" must be a list of whole numbers");
        refused("{\"messages\": []}", "line 1: \"messages\" must be at least one message");
        refused("{\"messages\": [{\"content\": \"x\"}]}", "line 1, \"messages[0]\": \"role\" must be there");
        refused("", "is empty");
        refused("\n \n", "is empty");
    }

    private void refused(String line, String... parts) {
        refusedBytes(line.getBytes(StandardCharsets.UTF_8), parts);
    }

    private void refusedBytes(byte[] line, String... parts) {
        String message =
                String.valueOf(assertThrows(MalformedFileException.class, () -> read(line, Optional.of(tokenizer)))
                        .getMessage());
        assertTrue(message.startsWith(folder.resolve("data.jsonl") + ": "), message);
        assertEquals(1, message.lines().count());
        for (String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void whatIsNotUtf8IsRefused() {
        refusedBytes(new byte[] {'{', '"', 'a', '"', ':', '"', (byte) 0xff, '"', '}'}, "line 1 is not UTF-8");
    }

    @Test
    void aLineWithoutEndIsRefusedBeforeItIsHeld() {
        byte[] line = new byte[JsonLines.MAX_LINE + 2];
        Arrays.fill(line, (byte) 'x');
        refusedBytes(line, "line 1 has more than");
    }

    @Test
    void textWithoutATokeniserIsRefused() {
        String message = String.valueOf(assertThrows(
                        MalformedFileException.class,
                        () -> read("{\"text\": \"a\"}".getBytes(StandardCharsets.UTF_8), Optional.empty()))
                .getMessage());
        assertTrue(message.contains("line 1: text needs the model's tokeniser"), message);
    }

    @Test
    void longTextsAreReadWhole() throws Exception {
        String text = "word ".repeat(400_000);
        TextExample example = read(JsonMapper.shared().writeValueAsString(Map.of("text", text)));
        assertEquals(text, example.text());
    }
}
