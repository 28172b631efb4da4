package io.github.influence4j.lm.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.safetensors.MalformedFileException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Chat templates against Python's Jinja: the golden file is made by src/test/python/make_templates.py. */
class ChatTemplateTest {

    private static final Path FILE = Path.of("tokenizer_config.json");
    private static final Map<String, String> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-28T12:00:00Z"), ZoneOffset.UTC);

    record Case(
            String template,
            String conversation,
            boolean prompt,
            @Nullable String text,
            @Nullable String refusal) {}

    record Golden(
            Map<String, String> templates, Map<String, List<Map<String, Object>>> conversations, List<Case> cases) {}

    @TestFactory
    Stream<DynamicTest> agreesWithJinja() throws Exception {
        Golden golden;
        try (InputStream in = ChatTemplateTest.class.getResourceAsStream("/templates/golden.json")) {
            golden = JsonMapper.shared().readValue(in, new TypeReference<Golden>() {});
        }
        return golden.cases().stream()
                .map(each -> DynamicTest.dynamicTest(
                        each.template() + ", " + each.conversation() + (each.prompt() ? ", to be continued" : ""),
                        () -> check(
                                Objects.requireNonNull(golden.templates().get(each.template())),
                                Objects.requireNonNull(golden.conversations().get(each.conversation())),
                                each)));
    }

    private static void check(String template, List<Map<String, Object>> messages, Case expected) {
        ChatTemplate chat = ChatTemplate.of(FILE, template, TOKENS, CLOCK);
        if (expected.text() != null) {
            assertEquals(expected.text(), chat.render(messages, expected.prompt()));
            return;
        }
        String refused = refusal(() -> chat.render(messages, expected.prompt()));
        assertTrue(refused.contains(Objects.requireNonNull(expected.refusal())), refused);
    }

    private static String refusal(Executable refused) {
        return String.valueOf(
                assertThrows(MalformedFileException.class, refused).getMessage());
    }

    @Test
    void aTemplateThatDoesNotParseIsRefusedWithItsFile() {
        for (String broken : List.of(
                "{% for m in messages %}x",
                "{{ messages[0] ", "{% fro x %}", "{% endif %}", "{% for m in messages if m.role %}{% endfor %}")) {
            String refused = refusal(() -> ChatTemplate.of(FILE, broken, TOKENS));
            assertTrue(refused.startsWith("tokenizer_config.json: the chat template cannot be parsed"), refused);
            assertEquals(1, refused.lines().count());
        }
    }

    @Test
    void anExpressionThatDoesNotParseIsAnErrorToo() {
        ChatTemplate chat = ChatTemplate.of(FILE, "{{ messages[0 }}", TOKENS);
        assertThrows(MalformedFileException.class, () -> chat.render(List.of(Map.of("role", "user")), false));
    }

    /** Where Python's Jinja refuses to join a text and a list. */
    @Test
    void aListIsNotWrittenAsAText() {
        ChatTemplate joined = ChatTemplate.of(FILE, "{{ 'User: ' + messages[0].content }}", TOKENS);
        List<Map<String, Object>> parts = List.of(Map.of("role", "user", "content", List.of(Map.of("text", "hi"))));
        assertTrue(refusal(() -> joined.render(parts, false)).contains("it writes a list of a message as a text"));
        ChatTemplate written = ChatTemplate.of(FILE, "{{ 'User: ' ~ messages[0].content[0] }}", TOKENS);
        assertTrue(refusal(() -> written.render(parts, false)).contains("it writes an object of a message as a text"));
        ChatTemplate walked =
                ChatTemplate.of(FILE, "{% for part in messages[0].content %}{{ part.text }}{% endfor %}", TOKENS);
        assertEquals("hi", walked.render(parts, false));
    }

    @Test
    void aTemplateReadsNoFiles() {
        assertThrows(MalformedFileException.class, () -> ChatTemplate.of(FILE, "{% include '/etc/passwd' %}", TOKENS)
                .render(List.of(), false));
    }

    @Test
    void aTemplateThatWritesWithoutEndIsCutOff() {
        String loops = "{% for a in range(99999) %}{% for b in range(99999) %}0123456789{% endfor %}{% endfor %}";
        ChatTemplate chat = ChatTemplate.of(FILE, loops, TOKENS);
        assertThrows(MalformedFileException.class, () -> chat.render(List.of(), false));
    }
}
