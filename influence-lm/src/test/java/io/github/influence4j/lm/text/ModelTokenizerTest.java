package io.github.influence4j.lm.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** A published tokeniser against what the reference implementation for Python made of it. */
class ModelTokenizerTest {

    static final Path FOLDER = Path.of("src/test/resources/parity-lm/tokenizer");

    record Encoded(String text, int[] ids, int[][] offsets) {}

    record Chat(List<Map<String, String>> messages, String text, String prompt) {}

    record Expected(List<Encoded> encodings, Chat chat) {}

    static Expected expected() {
        return JsonMapper.shared().readValue(FOLDER.resolve("expected.json"), new TypeReference<Expected>() {});
    }

    @Test
    void tokensAndPlacesAreThoseOfTheReference() throws Exception {
        try (ModelTokenizer tokenizer = ModelTokenizer.open(FOLDER)) {
            for (Encoded each : expected().encodings()) {
                TokenisedText found = tokenizer.encode(each.text());
                assertArrayEquals(each.ids(), found.ids(), each.text());
                for (int k = 0; k < found.size(); k++) {
                    // the reference counts code points
                    assertEquals(each.text().offsetByCodePoints(0, each.offsets()[k][0]), found.starts()[k]);
                    assertEquals(each.text().offsetByCodePoints(0, each.offsets()[k][1]), found.ends()[k]);
                }
                assertEquals(each.text(), tokenizer.decode(found.ids()));
            }
        }
    }

    @Test
    void conversationsAreThoseOfTheReference() throws Exception {
        try (ModelTokenizer tokenizer = ModelTokenizer.open(FOLDER)) {
            ChatTemplate template = tokenizer.config().chatTemplate().orElseThrow();
            Chat chat = expected().chat();
            assertEquals(chat.text(), template.render(chat.messages(), false));
            assertEquals(chat.prompt(), template.render(chat.messages().subList(0, 1), true));
        }
    }

    @Test
    void startAndEndTokensAreAsTheConfigurationSays(@TempDir Path folder) throws Exception {
        assertArrayEquals(new int[] {0, 43}, framed(folder, "\"add_bos_token\": true"));
        assertArrayEquals(new int[] {43, 0}, framed(folder, "\"add_eos_token\": true, \"add_bos_token\": false"));
        assertArrayEquals(new int[] {43}, framed(folder, "\"add_bos_token\": null"));
    }

    @Test
    void startTokensOfTheTokeniserItselfCanBeSwitchedOff(@TempDir Path folder) throws Exception {
        String json = Files.readString(FOLDER.resolve("tokenizer.json"));
        String added = "\"post_processor\": {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\":"
                + " \"<|endoftext|>\", \"type_id\": 0}}, {\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}], \"pair\": [],"
                + " \"special_tokens\": {\"<|endoftext|>\": {\"id\": \"<|endoftext|>\", \"ids\": [0], \"tokens\":"
                + " [\"<|endoftext|>\"]}}}";
        assertTrue(json.contains("\"post_processor\": null"));
        Files.writeString(folder.resolve("tokenizer.json"), json.replace("\"post_processor\": null", added));
        assertArrayEquals(new int[] {0, 43}, whole(folder, ""));
        assertArrayEquals(new int[] {0, 43}, whole(folder, "\"add_bos_token\": true,"));
        assertArrayEquals(new int[] {43}, whole(folder, "\"add_bos_token\": false,"));
    }

    private static int[] framed(Path folder, String options) throws IOException {
        Files.copy(
                FOLDER.resolve("tokenizer.json"),
                folder.resolve("tokenizer.json"),
                StandardCopyOption.REPLACE_EXISTING);
        return whole(folder, options + ",");
    }

    private static int[] whole(Path folder, String options) throws IOException {
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{" + options + "\"bos_token\": {\"content\": \"<|endoftext|>\"}, \"eos_token\": \"<|endoftext|>\"}");
        try (ModelTokenizer tokenizer = ModelTokenizer.open(folder)) {
            assertEquals(OptionalInt.of(0), tokenizer.startToken());
            assertEquals(43, tokenizer.encode("I").ids()[0]);
            int[] ids = tokenizer.encodeWhole("I").ids();
            assertEquals(1, Arrays.stream(ids).filter(id -> id == 43).count());
            return ids;
        }
    }

    @Test
    void whatIsNoTokeniserIsRefusedWithItsFile(@TempDir Path folder) throws Exception {
        assertTrue(refusal(folder).contains("is missing"));
        Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": 1}");
        assertTrue(refusal(folder).contains("tokenizer.json: is not a tokeniser"));
        Files.copy(
                FOLDER.resolve("tokenizer.json"),
                folder.resolve("tokenizer.json"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"bos_token\": \"two words\"}");
        assertTrue(refusal(folder).contains("bos_token \"two words\" is not one token"));
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"chat_template\": \"{% if %\"}");
        assertTrue(refusal(folder).contains("cannot be parsed"));
    }

    /** Defect: the native library ended the process, where a part of the file that it reads twice cannot be parsed. */
    @Test
    void whatTheNativeParserCannotReadIsRefusedBeforeIt(@TempDir Path folder) throws Exception {
        String json = Files.readString(FOLDER.resolve("tokenizer.json"));
        String decoder = "\"decoder\": {";
        assertTrue(json.contains(decoder));
        for (String spoilt : List.of(
                "{\"a\" 1, ",
                "{\"a\": 1e999, ",
                "{\"a\": \"\\ud800\", ",
                "{\"\\udc00\": 1, ",
                "{\"a\": " + "[".repeat(200) + "]".repeat(200) + ", ")) {
            Files.writeString(folder.resolve("tokenizer.json"), json.replace(decoder, "\"decoder\": " + spoilt));
            assertTrue(refusal(folder).contains("tokenizer.json: is not a tokeniser"), spoilt);
        }
    }

    private static String refusal(Path folder) {
        return String.valueOf(assertThrows(MalformedFileException.class, () -> ModelTokenizer.open(folder))
                .getMessage());
    }

    @Test
    void halfACharacterIsRefused() throws Exception {
        try (ModelTokenizer tokenizer = ModelTokenizer.open(FOLDER)) {
            assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("a\ud800b"));
        }
    }
}
