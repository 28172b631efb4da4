package io.github.influence4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.cli.Influence.Ran;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import io.github.influence4j.store.scores.ScoreReader;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Language models and lines of text in the place of captures. */
class LanguageModelTest {

    private static final Path MODELS = Path.of("../influence-lm/src/test/resources/parity-lm");
    private static final Path GGUF = Path.of("../influence-lm/src/test/resources/gguf");

    @TempDir
    private Path folder;

    @BeforeEach
    void writeLines() throws IOException {
        Files.writeString(folder.resolve("train.jsonl"), lines(40, 7));
        Files.writeString(folder.resolve("questions.jsonl"), lines(3, 8));
    }

    private static String lines(int count, long seed) {
        Random random = new Random(seed);
        return IntStream.range(0, count)
                .mapToObj(k -> random.ints(3 + random.nextInt(8), 0, 160)
                        .mapToObj(String::valueOf)
                        .collect(Collectors.joining(",", "{\"input_ids\":[", "]}\n")))
                .collect(Collectors.joining());
    }

    private Ran run(String line, Object... more) {
        List<String> words = new ArrayList<>();
        for (String word : line.split(" ")) {
            boolean path = word.startsWith("@");
            words.add(path ? folder.resolve(word.substring(1)).toString() : word);
        }
        for (Object word : more) {
            words.add(word.toString());
        }
        Ran ran = Influence.run(words);
        assertEquals(0, ran.exitCode(), ran.err());
        return ran;
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt_neox"})
    void scoresOfAModelAreThoseOfItsCaptures(String family) throws Exception {
        Path model = MODELS.resolve(family);
        String double64 = " --precision float64 --backend openblas --layers all --model";
        run("capture --data @train.jsonl --objective sampled --out @sampled" + double64, model);
        run("capture --data @train.jsonl --objective training --out @training" + double64, model);
        run("capture --data @questions.jsonl --objective measurement --out @measured" + double64, model);
        run("fit --captures @sampled --precision float64 --backend openblas --out @f1");
        run("score --factors @f1 --train @training --queries @measured --per-token --out @s1");
        run("fit --data @train.jsonl --out @f2" + double64, model);
        run("score --factors @f2 --train @train.jsonl --queries @questions.jsonl --per-token --out @s2 --model", model);
        InfluenceScores ofFiles = ScoreReader.pairwise(folder.resolve("s1"));
        InfluenceScores ofModel = ScoreReader.pairwise(folder.resolve("s2"));
        assertArrayEquals(ofFiles.trainIds(), ofModel.trainIds());
        assertEquals(1, ofModel.trainIds()[0]);
        for (int q = 0; q < 3; q++) {
            double largest = Arrays.stream(ofFiles.row(q)).map(Math::abs).max().orElseThrow();
            assertTrue(largest > 0);
            assertArrayEquals(ofFiles.row(q), ofModel.row(q), Tolerances.PARITY_FLOAT64 * largest);
        }
    }

    @Test
    void anIndexOfAModelIsThatOfItsCaptures() throws Exception {
        Path model = MODELS.resolve("llama");
        String float64 = " --precision float64 --backend openblas";
        run("fit --data @train.jsonl --layers all --out @factors" + float64 + " --model", model);
        run(
                "capture --data @train.jsonl --objective training --layers all --out @training" + float64 + " --model",
                model);
        run(
                "capture --data @questions.jsonl --objective measurement --layers all --out @measured" + float64
                        + " --model",
                model);
        String size = " --percent 3 --section both --coordinates-percent 10";
        run("index build --factors @factors --train @training --out @i1" + size);
        run("index build --factors @factors --train @train.jsonl --out @i2" + size + " --model", model);
        run(
                "index query --index @i1 --factors @factors --queries @measured --rescore @training --candidates 40 --format csv --out @q1");
        run(
                "index query --index @i2 --factors @factors --queries @questions.jsonl --rescore @train.jsonl"
                        + " --candidates 40 --format csv --out @q2 --model",
                model);
        run(
                "index audit --index @i2 --factors @factors --queries @questions.jsonl --train @train.jsonl --candidates 12"
                        + " --model",
                model);
        String asked = "index query --index @i2 --factors @factors --queries @questions.jsonl --top-k 4 --out ";
        String report = "report --train @train.jsonl --queries @questions.jsonl --out @page.html --scores ";
        run(asked + "@q3 --model", model);
        run(report + "@q3 --model", model);
        assertTrue(Files.readString(folder.resolve("page.html")).contains("estimates by "));
        run(asked + "@q4 --rescore @train.jsonl --candidates 9 --model", model);
        run(report + "@q4 --model", model);
        assertTrue(Files.readString(folder.resolve("page.html")).contains("exact scores of candidates by "));
        List<String> ofFiles = Files.readAllLines(folder.resolve("q1/top_scores.csv"));
        List<String> ofModel = Files.readAllLines(folder.resolve("q2/top_scores.csv"));
        assertEquals(1 + 2 * 3 * 10, ofFiles.size());
        for (int line = 1; line < ofFiles.size(); line++) {
            int comma = ofFiles.get(line).lastIndexOf(',');
            assertEquals(
                    ofFiles.get(line).substring(0, comma), ofModel.get(line).substring(0, comma));
            double expected = Double.parseDouble(ofFiles.get(line).substring(comma + 1));
            double found = Double.parseDouble(ofModel.get(line).substring(comma + 1));
            assertEquals(expected, found, Tolerances.PARITY_FLOAT64 * Math.abs(expected));
        }
    }

    @Test
    void aRunIsTakenUpAndARunOfOtherWeightsIsRefused() throws Exception {
        run("fit --data @train.jsonl --out @factors --model", MODELS.resolve("llama"));
        run("fit --data @train.jsonl --out @factors --resume --model", MODELS.resolve("llama"));
        Ran other = Influence.run(
                "fit",
                "--resume",
                "--data",
                folder.resolve("train.jsonl").toString(),
                "--out",
                folder.resolve("factors").toString(),
                "--model",
                MODELS.resolve("mistral").toString());
        assertEquals(5, other.exitCode(), other.err());
        Ran scored = Influence.run(
                "score",
                "--factors",
                folder.resolve("factors").toString(),
                "--train",
                folder.resolve("train.jsonl").toString(),
                "--queries",
                folder.resolve("questions.jsonl").toString(),
                "--out",
                folder.resolve("scores").toString(),
                "--model",
                MODELS.resolve("mistral").toString());
        assertEquals(3, scored.exitCode(), scored.err());
        assertTrue(scored.err().contains("the factors were fitted to the weights"), scored.err());
    }

    /** As those of the other commands are, with code 2. */
    @Test
    void wrongValuesOfOptionsAreSaidToBeWrong() {
        String model = MODELS.resolve("llama").toString();
        String data = folder.resolve("train.jsonl").toString();
        String out = folder.resolve("never").toString();
        List<String> finetune = List.of("finetune", "--model", model, "--data", data, "--out", out);
        List<String> capture =
                List.of("capture", "--model", model, "--data", data, "--out", out, "--objective", "training");
        List<String> report =
                List.of("report", "--model", model, "--train", data, "--queries", data, "--scores", out, "--out", out);
        List<String> fit = List.of("fit", "--model", model, "--data", data, "--out", out);
        for (List<String> wrong : List.of(
                with(finetune, "--epochs", "0"),
                with(finetune, "--learning-rate", "-1"),
                with(finetune, "--learning-rate", "NaN"),
                with(finetune, "--weight-decay", "-0.1"),
                with(finetune, "--batch-size", "0"),
                with(finetune, "--max-examples", "0"),
                with(capture, "--batch-size", "0"),
                with(capture, "--max-examples", "-3"),
                with(capture, "--max-tokens", "0"),
                with(fit, "--max-tokens", "-1"),
                with(report, "--examples", "0"))) {
            Ran ran = Influence.run(wrong);
            assertEquals(2, ran.exitCode(), wrong + ran.err());
            assertTrue(Files.notExists(folder.resolve("never/config.json")));
        }
    }

    private static List<String> with(List<String> words, String... more) {
        List<String> all = new ArrayList<>(words);
        all.addAll(List.of(more));
        return all;
    }

    @Test
    void capturesAreTakenUp() throws Exception {
        String line = "capture --data @train.jsonl --objective training --batch-size 9 --out @captures --model";
        Path model = MODELS.resolve("llama");
        run(line, model);
        Path shard = folder.resolve("captures/captures-00000002.safetensors");
        byte[] whole = Files.readAllBytes(shard);
        Files.delete(shard);
        run("capture --resume" + line.substring("capture".length()), model);
        assertArrayEquals(whole, Files.readAllBytes(shard));
        List<String> words =
                new ArrayList<>(List.of(("capture --resume" + line.substring("capture".length())).split(" ")));
        words.replaceAll(
                word -> word.startsWith("@") ? folder.resolve(word.substring(1)).toString() : word);
        words.set(words.indexOf("9"), "8");
        words.add(model.toString());
        Ran other = Influence.run(words);
        assertEquals(5, other.exitCode(), other.err());
        assertTrue(other.err().contains("holds captures of other examples"), other.err());
    }

    @Test
    void aFinetunedModelOpensAndFitsBetter() throws Exception {
        Ran ran = run(
                "finetune --data @train.jsonl --epochs 20 --learning-rate 0.01 --out @tuned --json --model",
                MODELS.resolve("llama_bf16"));
        double first = number(ran.out(), "first loss");
        double last = number(ran.out(), "last loss");
        assertTrue(last < first, first + " to " + last);
        try (Checkpoint tuned = Checkpoint.open(folder.resolve("tuned"));
                Checkpoint source = Checkpoint.open(MODELS.resolve("llama_bf16"))) {
            assertEquals(source.shape(), tuned.shape());
        }
        run("fit --data @train.jsonl --out @factors --model", folder.resolve("tuned"));
    }

    private static double number(String json, String name) {
        return Double.parseDouble(json.replaceAll("(?s).*\"" + name + "\" : ([0-9.E-]+).*", "$1"));
    }

    @Test
    void aPlanNeedsNoWeightsAndGgufFilesAreModels() {
        Ran plan =
                run("plan --data @train.jsonl --queries @questions.jsonl --json --model", GGUF.resolve("qwen3.gguf"));
        assertTrue(plan.out().contains("\"parameters\""), plan.out());
        double weights = number(plan.out(), "bytes of weights");
        double states = number(plan.out(), "bytes of hidden states");
        double stage = number(plan.out(), "peak memory bytes");
        double fit = number(plan.out(), "bytes of a fit with its model");
        double scores = number(plan.out(), "bytes of scores with their model");
        assertEquals(weights + states + stage, Math.max(fit, scores), 1);
        assertTrue(Math.min(fit, scores) > weights + states, plan.out());
        assertTrue(number(plan.out(), "bytes kept for reuse") > 0, plan.out());
        run("plan --data @train.jsonl --model", GGUF.resolve("qwen3.gguf"));
        run("self --train @train.jsonl --out @self --factors", fitted(), "--model", GGUF.resolve("qwen3.gguf"));
    }

    private Path fitted() {
        run("fit --data @train.jsonl --layers *.down_proj --out @down --model", GGUF.resolve("qwen3.gguf"));
        return folder.resolve("down");
    }

    @Test
    void whatIsWrongIsOneLineThatNamesTheFile() throws Exception {
        Path model = MODELS.resolve("llama");
        refused(
                3,
                "train.jsonl: line 2 has",
                "fit",
                "--data",
                write("{\"input_ids\":[1,2]}\n{\"id\":1,\"input_ids\":[3,4]}"),
                model);
        refused(3, "line 1: token 160 at place 1", "fit", "--data", write("{\"input_ids\":[1,160]}"), model);
        refused(3, "is empty", "fit", "--data", write(""), model);
        refused(3, "text needs the model's tokeniser", "fit", "--data", write("{\"text\":\"a\"}"), model);
        refused(3, "is not there", "fit", "--data", write(lines(2, 1)), folder.resolve("nowhere"));
        refused(3, "config.json: is missing", "fit", "--data", write(lines(2, 1)), folder);
        refused(2, "give --captures PATH, or --model DIR with --data FILE", "fit", "--captures", "x", model);
        refused(3, "no layer fits", "fit", "--data", write(lines(2, 1)), model, "--layers", "moe");
        refused(3, "reads at most 64 tokens", "fit", "--data", write(lines(2, 1)), model, "--max-length", "65");
    }

    private Path write(String lines) throws IOException {
        return Files.writeString(folder.resolve("train.jsonl"), lines);
    }

    private void refused(
            int code, String message, String command, String option, Object value, Path model, String... more) {
        List<String> words = new ArrayList<>(List.of(command, option, value.toString(), "--model", model.toString()));
        words.addAll(List.of("--out", folder.resolve("out").toString()));
        words.addAll(List.of(more));
        Ran ran = Influence.run(words);
        assertEquals(code, ran.exitCode(), ran.err());
        assertTrue(ran.err().contains(message), ran.err());
        if (code != 2) {
            assertEquals(1, ran.lines().size(), ran.err());
        }
    }
}
