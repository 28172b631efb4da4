package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.cli.Influence.Ran;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What a new user gets wrong with a model and its text: one line that names the file and what to do, and the code of the page. */
class ModelErrorsTest {

    private static final Path LM = Path.of("../influence-lm/src/test/resources");
    private static final String IDS = "{\"input_ids\":[1,2,3]}\n{\"input_ids\":[4,5,6]}\n";

    @TempDir
    private Path folder;

    /** Spoils the folder, in which {@code model} and {@code data.jsonl} were well. */
    interface Spoils {
        void spoil(Path folder) throws IOException;
    }

    /**
     * A row of the table.
     *
     * @param code the exit code
     * @param file what the line names
     * @param says what else it says
     */
    record Row(String name, Spoils spoils, int code, String file, List<String> says) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Row row(String name, Spoils spoils, String file, String... says) {
        return new Row(name, spoils, 3, file, List.of(says));
    }

    static Stream<Row> models() {
        return Stream.of(
                row(
                        "no model there",
                        f -> removeModel(f),
                        "model",
                        "is not there; expected the folder of a checkpoint"),
                row(
                        "another folder",
                        f -> {
                            removeModel(f);
                            Files.createDirectory(f.resolve("model"));
                        },
                        "config.json",
                        "is missing; expected the folder of a checkpoint"),
                row(
                        "a file of the folder",
                        f -> {
                            removeModel(f);
                            Files.copy(LM.resolve("parity-lm/llama/model.safetensors"), f.resolve("model"));
                        },
                        "model",
                        "is not a GGUF file",
                        "the folder of a checkpoint, which holds config.json"),
                row("no weights", f -> delete(f, "model.safetensors"), "model", "download the checkpoint's weights"),
                row(
                        "a missing shard",
                        f -> {
                            model(f, "llama_bf16");
                            delete(f, "model-00002-of-00003.safetensors");
                        },
                        "model",
                        "lacks the shards [model-00002-of-00003.safetensors]",
                        "download them"),
                row(
                        "half a shard",
                        f -> {
                            model(f, "llama_bf16");
                            Path shard = f.resolve("model/model-00002-of-00003.safetensors");
                            byte[] all = Files.readAllBytes(shard);
                            Files.write(shard, Arrays.copyOf(all, all.length - 1000));
                        },
                        "model-00002-of-00003.safetensors",
                        "download it again"),
                row(
                        "a note of Git in place of the weights",
                        f -> write(f, "model/model.safetensors", "version https://git-lfs.github.com/spec/v1\noid x\n"),
                        "model.safetensors",
                        "git lfs pull"),
                row(
                        "a tensor of another shape",
                        f -> configure(f, "intermediate_size", 39),
                        "model.safetensors",
                        "gate_proj.weight\" is [40, 24], expected [39, 24]",
                        "download the checkpoint again"),
                row("a form of another size", f -> configure(f, "head_dim", 8), "config.json", "download"),
                row(
                        "an unknown family",
                        f -> configure(f, "model_type", "phi3"),
                        "config.json",
                        "must be one of [llama, mistral",
                        "found \"phi3\""),
                row(
                        "no family",
                        f -> configure(f, "model_type", null),
                        "config.json",
                        "must be one of [llama, mistral"),
                row(
                        "a damaged configuration",
                        f -> write(f, "model/config.json", "{"),
                        "config.json",
                        "is not the JSON"),
                row(
                        "an option that changes the numbers",
                        f -> configure(f, "attn_temperature_tuning", true),
                        "config.json",
                        "not known for llama and may change its numbers: \"attn_temperature_tuning\" = true"),
                row(
                        "another scale",
                        f -> configure(f, "logit_scale", 2.0),
                        "config.json",
                        "may change its numbers: \"logit_scale\" = 2.0"),
                row(
                        "another kind of rotary positions",
                        f -> configure(f, "rope_parameters", Map.of("rope_type", "yarn", "factor", 2)),
                        "config.json",
                        "\"rope_type\" must be \"default\" or \"llama3\", found \"yarn\""),
                row(
                        "rotary positions in sections",
                        f -> configure(
                                f,
                                "rope_parameters",
                                Map.of("rope_type", "default", "rope_theta", 1e4, "mrope_section", List.of(1, 1, 1))),
                        "config.json",
                        "\"mrope_section\" must be left out"),
                row(
                        "rotary positions of each kind of layer",
                        f -> configure(f, "rope_parameters", Map.of("full_attention", Map.of("rope_theta", 1e4))),
                        "config.json",
                        "\"full_attention\" must be left out"),
                row(
                        "rotary positions said twice",
                        f -> configure(f, "rope_scaling", Map.of("rope_type", "default")),
                        "config.json",
                        "\"rope_scaling\" must be left out beside rope_parameters"),
                row(
                        "a tokeniser of SentencePiece in a GGUF file",
                        f -> {
                            removeModel(f);
                            byte[] gguf = Files.readAllBytes(LM.resolve("gguf/llama.gguf"));
                            Files.write(
                                    f.resolve("model"),
                                    replaced(gguf, "\u0004\0\0\0\0\0\0\0gpt2", "\u0004\0\0\0\0\0\0\0bert"));
                        },
                        "model",
                        "has a tokeniser of the kind \"bert\", expected \"gpt2\"",
                        "or open the model's folder with tokenizer.json"),
                row(
                        "a damaged tokeniser",
                        f -> write(f, "model/tokenizer.json", "{\"version\":\"1.0\"}"),
                        "tokenizer.json",
                        "is not a tokeniser"));
    }

    static Stream<Row> texts() {
        return Stream.of(
                new Row(
                        "no data there",
                        f -> Files.delete(f.resolve("data.jsonl")),
                        4,
                        "data.jsonl",
                        List.of("is not there")),
                row(
                        "a folder of data",
                        f -> {
                            Files.delete(f.resolve("data.jsonl"));
                            Files.createDirectory(f.resolve("data.jsonl"));
                        },
                        "data.jsonl",
                        "is a folder; expected a file with a JSON object in each line"),
                data("an empty file", "", "is empty; expected a JSON object in each line"),
                data("blank lines", "\n \n", "is empty; expected a JSON object in each line"),
                row(
                        "invalid UTF-8",
                        f -> Files.write(
                                f.resolve("data.jsonl"),
                                (IDS + "{\"text\":\"\u00e4\"}").getBytes(StandardCharsets.ISO_8859_1)),
                        "data.jsonl",
                        "line 3 is not UTF-8; save the file as UTF-8"),
                data("no JSON", IDS + "hello", "line 3 is not the JSON"),
                data("no object", "[1]", "line 1 must be an object"),
                data("another form", "{\"txet\":\"a\"}", "line 1: expected one of \"text\"", "found none"),
                data(
                        "text without a tokeniser",
                        "{\"text\":\"a\"}",
                        "line 1: text needs the model's tokeniser",
                        "add tokenizer.json"),
                data(
                        "a token out of range",
                        "{\"input_ids\":[1,160]}",
                        "line 1: token 160 at place 1 is not from 0 to 159"),
                data("a negative token", "{\"input_ids\":[-1,16]}", "line 1: token -1 at place 0 is not from 0 to 159"),
                data(
                        "a label out of range",
                        "{\"input_ids\":[1,2],\"labels\":[1,160]}",
                        "line 1: label 160 at place 1 is not from 0 to 159",
                        "nor -100"),
                row(
                        "a tokeniser of another model",
                        f -> {
                            tokeniser(f, null);
                            write(f, "data.jsonl", "{\"text\":\"a b c\"}");
                        },
                        "data.jsonl",
                        "of the model's vocabulary; the tokeniser must be that of the model"),
                data(
                        "nothing that counts",
                        "{\"input_ids\":[1,2],\"labels\":[-100,-100]}",
                        "has no line of which a token counts",
                        "are all labels -100?"));
    }

    static Stream<Row> conversations() {
        String messages =
                "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}";
        return Stream.of(
                template(
                        "a template that does not parse",
                        "{% for m in messages %}{{ m.content }",
                        messages,
                        "the tag {{ of line 1 has no end"),
                template("an unknown tag", "{% frob %}", messages, "Unknown tag: frob"),
                template(
                        "an unknown filter",
                        "{{ messages[0].content | nofilter }}",
                        messages,
                        "the filter nofilter is not known"),
                template(
                        "an unknown test",
                        "{% if messages is not nosuch %}{% endif %}",
                        messages,
                        "the test nosuch is not known"),
                template("an unknown function", "{{ nofunction(messages) }}", messages, "nofunction"),
                template(
                        "a template that refuses",
                        "{{ raise_exception('no system here') }}",
                        messages,
                        "it says: no system here"),
                row(
                        "a message that says nothing",
                        f -> {
                            tokeniser(f, null);
                            write(f, "data.jsonl", "{\"messages\":[{\"role\":\"user\"}]}");
                        },
                        "data.jsonl",
                        "\"content\" must be there"));
    }

    private static Row data(String name, String lines, String... says) {
        return row(name, f -> write(f, "data.jsonl", lines), "data.jsonl", says);
    }

    private static Row template(String name, String template, String lines, String says) {
        return row(
                name,
                f -> {
                    tokeniser(f, template);
                    write(f, "data.jsonl", lines);
                },
                "tokenizer_config.json",
                says);
    }

    @ParameterizedTest
    @MethodSource({"models", "texts", "conversations"})
    void isOneLineThatNamesTheFileAndWhatToDo(Row row) throws IOException {
        model(folder, "llama");
        write(folder, "data.jsonl", IDS);
        row.spoils().spoil(folder);
        for (String command : List.of("fit", "plan", "finetune", "capture --objective training")) {
            String out = command.equals("plan") ? "" : " --out @out";
            Ran ran = Influence.runIn(folder, command + " --model @model --data @data.jsonl" + out);
            check(row, ran);
            assertFalse(Files.exists(folder.resolve("out/config.json")), command);
        }
    }

    private static void check(Row row, Ran ran) {
        assertEquals(row.code(), ran.exitCode(), ran.err());
        assertEquals(1, ran.lines().size(), ran.err());
        assertTrue(ran.err().contains(row.file()), ran.err());
        for (String part : row.says()) {
            assertTrue(ran.err().contains(part), part + " is not in " + ran.err());
        }
    }

    /** Training examples are cut, questions are not. */
    @ParameterizedTest
    @MethodSource("longQuestions")
    void aQuestionThatIsTooLongIsRefused(String command) throws IOException {
        model(folder, "llama");
        write(folder, "data.jsonl", IDS);
        write(folder, "long.jsonl", "{\"input_ids\":[" + "3,".repeat(64) + "3]}");
        assertEquals(
                0,
                Influence.runIn(folder, "fit --model @model --data @data.jsonl --out @factors")
                        .exitCode());
        Ran ran = Influence.runIn(folder, command);
        check(
                row("long", f -> {}, "long.jsonl", "line 1 has 65 tokens, more than the 64 that are read; shorten it"),
                ran);
    }

    static Stream<String> longQuestions() {
        return Stream.of(
                "score --model @model --factors @factors --train @data.jsonl --queries @long.jsonl --out @scores",
                "capture --model @model --data @long.jsonl --objective measurement --out @out",
                "plan --model @model --data @data.jsonl --queries @long.jsonl");
    }

    private static void model(Path folder, String family) throws IOException {
        removeModel(folder);
        Path model = Files.createDirectory(folder.resolve("model"));
        try (Stream<Path> files = Files.list(LM.resolve("parity-lm").resolve(family))) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.startsWith("model") || name.equals("config.json")) {
                    Files.copy(file, model.resolve(name));
                }
            }
        }
    }

    private static void removeModel(Path folder) throws IOException {
        Path model = folder.resolve("model");
        if (Files.isDirectory(model)) {
            try (Stream<Path> files = Files.list(model)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
        }
        Files.deleteIfExists(model);
    }

    private static void delete(Path folder, String name) throws IOException {
        Files.delete(folder.resolve("model").resolve(name));
    }

    private static void write(Path folder, String name, String content) throws IOException {
        Files.writeString(folder.resolve(name), content);
    }

    private static void configure(Path folder, String option, @Nullable Object value) throws IOException {
        Path file = folder.resolve("model/config.json");
        ObjectNode config = (ObjectNode) JsonMapper.shared().readTree(Files.readString(file));
        config.putPOJO(option, value);
        Files.writeString(file, JsonMapper.shared().writeValueAsString(config));
    }

    /** Gives the model a tokeniser, whose tokens are more than it knows. */
    private static void tokeniser(Path folder, @Nullable String template) throws IOException {
        Path from = LM.resolve("parity-lm/tokenizer");
        Path to = folder.resolve("model");
        Files.copy(from.resolve("tokenizer.json"), to.resolve("tokenizer.json"));
        ObjectNode config =
                (ObjectNode) JsonMapper.shared().readTree(Files.readString(from.resolve("tokenizer_config.json")));
        if (template != null) {
            config.put("chat_template", template);
        }
        Files.writeString(
                to.resolve("tokenizer_config.json"), JsonMapper.shared().writeValueAsString(config));
    }

    private static byte[] replaced(byte[] bytes, String before, String after) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        assertTrue(text.contains(before));
        return text.replace(before, after).getBytes(StandardCharsets.ISO_8859_1);
    }
}
