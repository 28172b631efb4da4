package io.github.influence4j.lm.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines as a data set. */
class TextDataTest {

    private static final TextOptions OPTIONS = TextOptions.training(100, 4);

    @TempDir
    Path folder;

    private TextData open(String lines, TextOptions options) throws IOException {
        Path file = folder.resolve("data.jsonl");
        Files.writeString(file, lines);
        return TextData.open(file, Optional.empty(), options);
    }

    private static List<Integer> firstTokens(Iterable<ExampleBatch<TokenSequence>> batches) {
        List<Integer> first = new ArrayList<>();
        for (ExampleBatch<TokenSequence> batch : batches) {
            batch.examples().forEach(sequence -> first.add(sequence.tokens()[0]));
        }
        return first;
    }

    @Test
    void linesHaveTheNumbersThatEditorsShow() throws Exception {
        try (TextData data = open("{\"input_ids\":[1,2]}\n\n{\"input_ids\":[3,4]}\n", OPTIONS)) {
            assertArrayEquals(new long[] {1, 3}, data.ids());
            assertEquals(List.of(1, 3), firstTokens(data.batches(1)));
            assertEquals("3 4 ", data.text(3).text());
            assertThrows(IllegalArgumentException.class, () -> data.text(2));
        }
    }

    @Test
    void idsOfTheFileAreTaken() throws Exception {
        try (TextData data = open("{\"id\":7,\"input_ids\":[1,2]}\n{\"id\":-2,\"input_ids\":[3,4]}", OPTIONS)) {
            assertArrayEquals(new long[] {7, -2}, data.ids());
            assertEquals(List.of(3), firstTokens(data.select(Set.of(-2L)).batches(8)));
            assertThrows(IllegalArgumentException.class, () -> data.select(Set.of(1L)));
        }
        refused(
                "{\"id\":7,\"input_ids\":[1,2]}\n{\"id\":7,\"input_ids\":[3,4]}",
                OPTIONS,
                "line 2 has the id 7 of an earlier");
        refused("{\"id\":7,\"input_ids\":[1,2]}\n{\"input_ids\":[3,4]}", OPTIONS, "line 2 has no \"id\"");
        refused("{\"input_ids\":[1,2]}\n{\"id\":1,\"input_ids\":[3,4]}", OPTIONS, "line 2 has an \"id\"");
        refused("{\"id\":\"x\",\"input_ids\":[1,2]}", OPTIONS, "\"id\" must be a whole number");
    }

    @Test
    void whatIsCutAndLeftOutIsCounted() throws Exception {
        String lines = """
                {"input_ids":[1,2,3,4,5,6]}
                {"input_ids":[7]}
                {"input_ids":[1,2,3,4,5,6],"labels":[-100,-100,-100,-100,5,6]}
                {"input_ids":[8,9]}
                """;
        try (TextData data = open(lines, OPTIONS)) {
            assertEquals(new TextData.Counts(4, 1, 2), data.counts());
            assertArrayEquals(new long[] {1, 4}, data.ids());
            assertArrayEquals(
                    new int[] {1, 2, 3, 4},
                    data.batches(1).iterator().next().examples().get(0).tokens());
        }
        try (TextData data = open(lines, OPTIONS.withMaxExamples(1))) {
            assertEquals(new TextData.Counts(1, 1, 0), data.counts());
        }
    }

    @Test
    void questionsAreTakenWholeOrRefused() throws Exception {
        TextOptions questions = TextOptions.questions(100, 4);
        refused("{\"input_ids\":[1,2,3,4,5]}", questions, "line 1 has 5 tokens, more than the 4 that are read");
        refused("{\"input_ids\":[1]}", questions, "line 1 asks for nothing");
        refused("{\"input_ids\":[1,2],\"labels\":[1,-100]}", questions, "line 1 asks for nothing");
        refused("{\"input_ids\":[1]}", OPTIONS, "has no line of which a token counts");
    }

    private void refused(String lines, TextOptions options, String message) {
        String found = String.valueOf(assertThrows(MalformedFileException.class, () -> open(lines, options))
                .getMessage());
        assertTrue(found.startsWith(folder.resolve("data.jsonl") + ": ") && found.contains(message), found);
    }

    @Property(tries = 40)
    void partsAndBatchesAreTheWhole(
            @ForAll @IntRange(min = 1, max = 300) int size, @ForAll @IntRange(min = 1, max = 400) int batch)
            throws Exception {
        Path file = Files.createTempFile("lines", ".jsonl");
        try {
            Files.writeString(
                    file,
                    IntStream.range(0, size)
                            .mapToObj(k -> "{\"input_ids\":[" + k % 90 + ",1]}")
                            .collect(Collectors.joining("\n")));
            try (TextData data = TextData.open(file, Optional.empty(), OPTIONS)) {
                List<Integer> whole =
                        IntStream.range(0, size).mapToObj(k -> k % 90).toList();
                assertEquals(whole, firstTokens(data.batches(batch)));
                List<Integer> joined = new ArrayList<>();
                LongStream ids = LongStream.empty();
                for (TextData part : data.shards()) {
                    joined.addAll(firstTokens(part.batches(batch)));
                    ids = LongStream.concat(ids, Arrays.stream(part.ids()));
                }
                assertEquals(whole, joined);
                assertArrayEquals(data.ids(), ids.toArray());
            }
        } finally {
            Files.delete(file);
        }
    }
}
