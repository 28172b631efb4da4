package io.github.influence4j.lm;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Precision;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.lm.checkpoint.Checkpoint;
import io.github.influence4j.lm.text.ModelTokenizer;
import io.github.influence4j.lm.text.TextData;
import io.github.influence4j.lm.text.TextOptions;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.Mutator;
import io.github.influence4j.store.SpoiltRead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Spoilt checkpoints, GGUF files, tokenisers and lines of text: they are taken, or refused in a sentence, in bounded memory and
 * time. Two thousand cases here; {@code -Pfuzz} runs a million.
 */
class ModelFilesFuzzTest {

    private static final int CASES = Integer.getInteger("influence.fuzz.cases", 2000);

    private static final long SEED = Long.getLong("influence.fuzz.seed", 20261129L);

    /** Failures after which there is no use in going on. */
    private static final int MANY = 20;

    private static final Path MODELS = Path.of("src/test/resources/parity-lm");
    /** Of the tokeniser, at least. */
    private static final int VOCABULARY = 2000;

    private static final Path GGUF = Path.of("src/test/resources/gguf");

    /** Numbers at which counts, lengths and offsets overflow or lead out of the file. */
    private static final long[] EDGES = {
        0, 1, -1, 255, 1 << 16, Integer.MAX_VALUE, 1L << 32, 1L << 62, Long.MAX_VALUE, Long.MIN_VALUE
    };

    private static final String LINES = """
            {"text": "the sea is wide", "id": 3}
            {"prompt": "the sea", "completion": " is wide", "contrast": " is dry", "id": 5}

            {"messages": [{"role": "user", "content": "is it?"}, {"role": "assistant", "content": "it is"}], "id": 9}
            {"input_ids": [1, 2, 3, 4], "labels": [-100, 2, 3, 4], "attention_mask": [0, 1, 1, 1], "id": -4}
            """;

    /** What is spoilt, and what reads it. */
    private enum Kind {
        CHECKPOINT,
        GGUF,
        TOKENIZER,
        LINES
    }

    @TempDir
    private Path folder;

    @Test
    @Timeout(value = 120, unit = TimeUnit.MINUTES)
    void spoiltFilesAreReadOrRefused() throws IOException {
        copy(MODELS.resolve("llama_bf16"), Kind.CHECKPOINT);
        Files.delete(at(Kind.CHECKPOINT).resolve("expected.safetensors"));
        Files.delete(at(Kind.CHECKPOINT).resolve("float64.safetensors"));
        Files.delete(at(Kind.CHECKPOINT).resolve("batch.safetensors"));
        copy(GGUF, Kind.GGUF);
        Files.delete(at(Kind.GGUF).resolve("types.safetensors"));
        // no model, but every type of numbers, which GgufFuzzTest reads
        Files.delete(at(Kind.GGUF).resolve("types.gguf"));
        copy(MODELS.resolve("tokenizer"), Kind.TOKENIZER);
        Files.delete(at(Kind.TOKENIZER).resolve("expected.json"));
        Files.createDirectory(at(Kind.LINES));
        Files.writeString(at(Kind.LINES).resolve("lines.jsonl"), LINES);
        List<AssertionError> failures = new ArrayList<>();
        int[] refused = new int[Kind.values().length];
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32);
                ModelTokenizer tokenizer = ModelTokenizer.open(MODELS.resolve("tokenizer"))) {
            readValid(backend, tokenizer);
            for (int k = 0; k < CASES; k++) {
                // each case has a seed of its own, so that it can be repeated alone
                SplittableRandom random = new SplittableRandom(SEED + k);
                Kind kind = Kind.values()[k % Kind.values().length];
                try {
                    refused[kind.ordinal()] += isTaken(k, kind, random, backend, tokenizer) ? 0 : 1;
                } catch (AssertionError e) {
                    failures.add(e);
                }
                assertTrue(failures.size() < MANY, failures::toString);
            }
        }
        assertAll(failures.stream().map(failure -> () -> {
            throw failure;
        }));
        for (Kind kind : Kind.values()) {
            int each = CASES / Kind.values().length;
            int count = refused[kind.ordinal()];
            // a mutator that spoils nothing, or everything at the first byte, would test nothing
            assertTrue(count > each / 20 && count < each, kind + ": refused " + count + " of " + each);
        }
    }

    /** What is read for the first time starts libraries, which takes memory that no file asks for. */
    private void readValid(MatrixBackend backend, ModelTokenizer tokenizer) throws IOException {
        for (Kind kind : Kind.values()) {
            for (Path file : files(at(kind))) {
                read(kind, file, backend, tokenizer);
            }
        }
    }

    private Path at(Kind kind) {
        return folder.resolve(kind.name());
    }

    private void copy(Path source, Kind kind) throws IOException {
        Files.createDirectory(at(kind));
        for (Path file : files(source)) {
            Files.copy(file, at(kind).resolve(file.getFileName()));
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    /** Spoils one of the files, has it read, and puts it back. */
    private boolean isTaken(int k, Kind kind, SplittableRandom random, MatrixBackend backend, ModelTokenizer tokenizer)
            throws IOException {
        List<Path> files = files(at(kind));
        Path file = files.get(random.nextInt(files.size()));
        byte[] valid = Files.readAllBytes(file);
        byte[] spoilt = spoilt(kind, file, valid, random);
        Files.write(file, spoilt);
        try {
            long total = spoilt.length;
            for (Path each : kind == Kind.GGUF ? List.<Path>of() : files) {
                total += Files.size(each);
            }
            String what = "case " + k + " of seed " + SEED + ", " + file;
            return SpoiltRead.isTaken(what, total, () -> read(kind, file, backend, tokenizer));
        } finally {
            Files.write(file, valid);
        }
    }

    private void read(Kind kind, Path file, MatrixBackend backend, ModelTokenizer tokenizer) throws IOException {
        switch (kind) {
            case CHECKPOINT -> readModel(at(kind), backend);
            case GGUF -> readModel(file, backend);
            case TOKENIZER -> readTokenizer(at(kind));
            case LINES -> readLines(file, tokenizer);
        }
    }

    private static byte[] spoilt(Kind kind, Path file, byte[] valid, SplittableRandom random) {
        Mutator mutator = new Mutator(random);
        if (kind == Kind.GGUF) {
            return gguf(valid, random);
        }
        if (file.toString().endsWith(".safetensors")) {
            return mutator.safetensors(valid);
        }
        return random.nextInt(4) == 0 ? mutator.bytes(valid) : mutator.json(valid);
    }

    private static byte[] gguf(byte[] valid, SplittableRandom random) {
        byte[] bytes = valid.clone();
        // most of what can go wrong is in front
        int reach = random.nextInt(4) > 0 ? Math.min(bytes.length, 6000) : bytes.length;
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            int at = random.nextInt(reach - 8);
            ByteBuffer view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 -> view.putLong(at, EDGES[random.nextInt(EDGES.length)]);
                case 2 -> view.putInt(at, random.nextInt(16));
                default -> bytes[at] ^= (byte) (1 << random.nextInt(8));
            }
        }
        return random.nextInt(8) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
    }

    private static void readModel(Path path, MatrixBackend backend) throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            Optional<ModelTokenizer> tokenizer = checkpoint.tokenizer();
            if (tokenizer.isPresent()) {
                tokenizer.get().close();
            }
            String layer = Decoder.linearMaps(checkpoint.shape()).get(0).name();
            checkpoint.decoder(backend, List.of(layer)).close();
        } catch (NumericalException e) {
            throw new MalformedFileException(path, "has weights that are no numbers: " + e.getMessage(), e);
        }
    }

    private static void readTokenizer(Path path) throws IOException {
        try (ModelTokenizer tokenizer = ModelTokenizer.open(path)) {
            tokenizer.encodeWhole("the sea is wide");
        }
    }

    private static void readLines(Path file, ModelTokenizer tokenizer) throws IOException {
        try (TextData data = TextData.open(file, Optional.of(tokenizer), TextOptions.training(VOCABULARY, 32))) {
            for (ExampleBatch<TokenSequence> batch : data.batches(2)) {
                assertTrue(batch.examples().stream().allMatch(sequence -> sequence.tokens().length <= 32));
            }
            for (long id : data.ids()) {
                data.text(id);
            }
        }
    }
}
