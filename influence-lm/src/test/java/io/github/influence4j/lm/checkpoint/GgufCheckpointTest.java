package io.github.influence4j.lm.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.lm.text.ModelTokenizer;
import io.github.influence4j.safetensors.MalformedFileException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same models in GGUF files and as they are downloaded. */
class GgufCheckpointTest {

    private static final Path GGUF = Path.of("src/test/resources/gguf");
    private static final Path FOLDERS = Path.of("src/test/resources/parity-lm");

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "mistral", "qwen2", "qwen3", "olmo2", "gpt2", "gpt_neox"})
    void formAndWeightsAreThoseOfTheFolder(String family) throws Exception {
        try (Checkpoint folder = Checkpoint.open(FOLDERS.resolve(family));
                Checkpoint gguf = Checkpoint.open(GGUF.resolve(family + ".gguf"));
                MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            assertEquals(folder.shape(), gguf.shape());
            List<String> maps = Decoder.linearMaps(folder.shape()).stream()
                    .map(LayerSpec::name)
                    .toList();
            try (Decoder one = folder.decoder(backend, maps);
                    Decoder other = gguf.decoder(backend, maps)) {
                // a hash of all weights
                assertEquals(
                        one.fingerprint().orElseThrow(), other.fingerprint().orElseThrow());
            }
        }
    }

    /** What fine-tuning writes: a folder of the same form and weights, with the tokeniser where there is one. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "mistral", "qwen2", "qwen3", "olmo2", "gpt2", "gpt_neox"})
    void isWrittenAsAFolder(String family, @TempDir Path out) throws Exception {
        try (Checkpoint gguf = Checkpoint.open(GGUF.resolve(family + ".gguf"));
                MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            List<String> maps = Decoder.linearMaps(gguf.shape()).stream()
                    .map(LayerSpec::name)
                    .toList();
            try (Decoder written = gguf.decoder(backend, maps)) {
                try (CheckpointWriter writer = CheckpointWriter.to(out, gguf)) {
                    writer.write(written);
                }
                try (Checkpoint folder = Checkpoint.open(out);
                        Decoder read = folder.decoder(backend, maps)) {
                    assertEquals(gguf.shape(), folder.shape());
                    assertEquals(written.fingerprint(), read.fingerprint());
                    assertSameTokeniser(gguf, folder);
                }
            }
        }
    }

    private static void assertSameTokeniser(Checkpoint gguf, Checkpoint folder) throws Exception {
        Optional<ModelTokenizer> wanted = gguf.tokenizer();
        Optional<ModelTokenizer> found = folder.tokenizer();
        assertEquals(wanted.isPresent(), found.isPresent());
        if (wanted.isPresent()) {
            try (ModelTokenizer one = wanted.get();
                    ModelTokenizer other = found.orElseThrow()) {
                String text = "It is a truth\n<|im_start|>naïve 1811";
                assertArrayEquals(one.encode(text).ids(), other.encode(text).ids());
                assertEquals(one.startToken(), other.startToken());
            }
        }
    }

    @Test
    void theTokeniserOfTheFileIsThatOfTheFolder() throws Exception {
        try (Checkpoint gguf = Checkpoint.open(GGUF.resolve("llama.gguf"));
                ModelTokenizer found = gguf.tokenizer().orElseThrow();
                ModelTokenizer wanted = ModelTokenizer.open(FOLDERS.resolve("tokenizer"))) {
            for (String text : List.of(
                    "It is a truth universally acknowledged",
                    "  two  spaces\n\nand 1811 naïve – 日本語 🙂 don't",
                    "<|im_start|>user\nhi<|im_end|>")) {
                assertArrayEquals(wanted.encode(text).ids(), found.encode(text).ids());
                assertEquals(text, found.decode(found.encode(text).ids()));
            }
            assertEquals(wanted.startToken(), found.startToken());
            assertTrue(found.config().chatTemplate().isPresent());
        }
        try (Checkpoint without = Checkpoint.open(GGUF.resolve("qwen2.gguf"))) {
            assertTrue(without.tokenizer().isEmpty());
        }
    }

    /** Defect, found by ModelFilesFuzzTest: the frequencies of 2³¹ numbers of a head were made before anything bounded them. */
    @Test
    void aHeadThatIsWiderThanItsFrequenciesIsRefused(@TempDir Path folder) throws Exception {
        byte[] bytes = Files.readAllBytes(GGUF.resolve("llama3.gguf"));
        byte[] key = "rope.dimension_count".getBytes(StandardCharsets.US_ASCII);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("rope.dimension_count") + key.length;
        // the type of the entry, then its value
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at + Integer.BYTES, Integer.MAX_VALUE - 1);
        Path file = Files.write(folder.resolve("wide.gguf"), bytes);
        String message = String.valueOf(assertThrows(MalformedFileException.class, () -> Checkpoint.open(file))
                .getMessage());
        assertTrue(message.contains("\"rope_freqs.weight\" has 3 numbers, expected half of the 2147483646"), message);
    }

    @Test
    void otherArchitecturesAndEntriesAreRefusedByName(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("other.gguf");
        refused(
                file,
                "general.architecture\u0008\0\0\0\u0005\0\0\0\0\0\0\0llama",
                "llama",
                "gemma",
                "architecture \"gemma\"");
        refused(
                file,
                "llama.feed_forward_length",
                "feed_forward_length",
                "feed_forward_lengtH",
                "has no entry llama.feed_forward_length");
        refused(
                file,
                "llama.rope.dimension_count",
                "dimension_count",
                "dimension_counT",
                "[llama.rope.dimension_counT]");
        refused(file, "blk.0.attn_q.weight", "attn_q", "attn_Q", "has no tensor");
        refused(file, "tokenizer.ggml.model", "gpt2", "bert", "tokeniser of the kind \"bert\"");
        refused(file, "tokenizer.ggml.pre", "smollm", "smollM", "tokenizer.ggml.pre is \"smollM\"");
    }

    /** Changes a text of the file for another of the same length, the first after a place. */
    private static void refused(Path file, String place, String from, String to, String message) throws Exception {
        byte[] bytes = Files.readAllBytes(GGUF.resolve("llama.gguf"));
        String text = new String(bytes, "ISO-8859-1");
        int at = text.indexOf(from, text.indexOf(place));
        assertTrue(text.contains(place) && at > 0, place);
        System.arraycopy(to.getBytes("ISO-8859-1"), 0, bytes, at, to.length());
        Files.write(file, bytes);
        String found = String.valueOf(
                assertThrows(MalformedFileException.class, () -> use(file)).getMessage());
        assertTrue(found.startsWith(file + ": ") && found.contains(message), found);
    }

    private static void use(Path file) throws Exception {
        try (Checkpoint checkpoint = Checkpoint.open(file);
                MatrixBackend backend = MatrixBackends.pureJava()) {
            DecoderShape shape = checkpoint.shape();
            checkpoint
                    .decoder(backend, List.of(Decoder.linearMaps(shape).get(0).name()))
                    .close();
            checkpoint.tokenizer().orElseThrow().close();
        }
    }
}
