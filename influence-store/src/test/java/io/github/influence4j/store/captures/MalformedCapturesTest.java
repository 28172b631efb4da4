package io.github.influence4j.store.captures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.Backends;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MalformedCapturesTest {

    private static final String LAYERS = "{\"l\":{\"in\":2,\"out\":3,\"bias\":true}}";

    @TempDir
    private Path folder;

    /** A file of four examples with five positions, all zeros, to be spoilt. */
    private static final class Draft {
        final Map<String, String> metadata = new LinkedHashMap<>(
                Map.of("format", "influence-captures", "version", "1", "objective", "training", "layers", LAYERS));
        final Map<String, TensorSpec> tensors = new LinkedHashMap<>();
        final Map<String, double[]> numbers = new LinkedHashMap<>();

        Draft() {
            put(TensorSpec.of("l/activations", TensorType.F32, 4, 5, 2));
            put(TensorSpec.of("l/output_gradients", TensorType.F32, 4, 5, 3));
        }

        Draft put(TensorSpec spec) {
            tensors.put(spec.name(), spec);
            return this;
        }

        void write(Path file) throws IOException {
            try (SafetensorsWriter writer = SafetensorsWriter.create(file, tensors.values(), metadata)) {
                for (TensorSpec spec : tensors.values()) {
                    int count = (int) spec.elements();
                    double[] values = numbers.getOrDefault(spec.name(), new double[count]);
                    if (spec.type().isFloating()) {
                        writer.append(spec.name(), values, 0, count);
                    } else {
                        long[] integers = java.util.stream.DoubleStream.of(values)
                                .mapToLong(x -> (long) x)
                                .toArray();
                        writer.append(spec.name(), integers, 0, count);
                    }
                }
                writer.commit();
            }
        }
    }

    private Path write(String name, Consumer<Draft> spoil) throws IOException {
        Draft draft = new Draft();
        spoil.accept(draft);
        Path file = folder.resolve(name + ".safetensors");
        draft.write(file);
        return file;
    }

    private void assertRefused(String message, Consumer<Draft> spoil) throws IOException {
        Path file = write("x", spoil);
        MalformedFileException refused = assertThrows(MalformedFileException.class, () -> CaptureSet.open(file));
        assertTrue(String.valueOf(refused.getMessage()).contains(message), refused.getMessage());
    }

    private static Consumer<Draft> draws(int draws, double... ids) {
        return draft -> {
            draft.metadata.put("objective", "sampled");
            draft.metadata.put("draws", Integer.toString(draws));
            if (ids.length > 0) {
                draft.put(TensorSpec.of("ids", TensorType.I64, 4)).numbers.put("ids", ids);
            }
        };
    }

    /** Defect: only folders were looked at, so that in a single file examples with more draws counted more. */
    @Test
    void aFileHoldsAllDrawsOfItsExamples() throws IOException {
        for (Consumer<Draft> whole : List.of(draws(2, 6, 7, 8, 9), draws(2, 1, -2, 0, -1), draws(4, 0, 1, 2, 3))) {
            try (CaptureSet set = CaptureSet.open(write("whole", whole))) {
                assertEquals(4, set.size());
            }
        }
        assertRefused("lacks one of the 2 draws of labels of example 4 (ids 8 to 9)", draws(2, 6, 7, 8, 10));
        assertRefused("lacks one of the 2 draws of labels of example 2 (ids 4 to 5)", draws(2, 5, 6, 7, 8));
        assertRefused("lacks one of the 3 draws of labels of example 1 (ids 3 to 5)", draws(3, 0, 1, 2, 3));
        assertRefused("which need ids", draws(2));
    }

    @Test
    void shardsHaveTheSameNumberOfDraws() throws IOException {
        Path shards = Files.createDirectory(folder.resolve("shards"));
        Files.move(write("a", draws(2, 0, 1, 2, 3)), shards.resolve("a.safetensors"));
        Files.move(write("b", draws(4, 4, 5, 6, 7)), shards.resolve("b.safetensors"));
        MalformedFileException refused = assertThrows(MalformedFileException.class, () -> CaptureSet.open(shards));
        assertTrue(String.valueOf(refused.getMessage()).contains("draws"), refused.getMessage());
        // an example that lacks a draw, where others have theirs in another shard
        Files.move(
                write("c", draws(2, 4, 5, 6, 9)),
                shards.resolve("b.safetensors"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        MalformedFileException lacks = assertThrows(MalformedFileException.class, () -> CaptureSet.open(shards));
        assertTrue(
                String.valueOf(lacks.getMessage()).contains("lacks one of the 2 draws of labels of example 3"),
                lacks.getMessage());
    }

    /** Defect: examples of the shards 0 to 11 were numbered in the order 0, 1, 10, 11, 2. */
    @Test
    void shardsWithoutIdsAreNumberedAsTheirNamesRead() throws IOException {
        for (String names : new String[] {"2 10", "a2b1 a10b1", "x-9-1 x-10-0", "9 10 11"}) {
            assertThrows(MalformedFileException.class, () -> openFolder(names, false), names);
            openFolder(names, true);
        }
        for (String names :
                new String[] {"02 10", "a2 b10", "2 3 4", "v2-1 v2-2", "1 b 2", "00001-of-00010 00002-of-00010"}) {
            openFolder(names, false);
        }
    }

    private void openFolder(String names, boolean ids) throws IOException {
        Path shards = Files.createTempDirectory(folder, "shards");
        int first = 0;
        for (String name : names.split(" ")) {
            Draft draft = new Draft();
            if (ids) {
                draft.put(TensorSpec.of("ids", TensorType.I64, 4))
                        .numbers
                        .put("ids", new double[] {first, first + 1, first + 2, first + 3});
                first += 4;
            }
            draft.write(shards.resolve(name + ".safetensors"));
        }
        CaptureSet.open(shards).close();
    }

    @Test
    void gradientsThatWereCutSayTheirRankAndMayHaveEnergies() throws IOException {
        TensorSpec energy = TensorSpec.of("l/energy", TensorType.F64, 4);
        Path file = write("cut", draft -> draft.put(energy).metadata.put("rank", "16"));
        try (CaptureSet set = CaptureSet.open(file)) {
            assertEquals(OptionalInt.of(16), set.rank());
        }
        assertRefused("belongs to no declared layer", draft -> draft.put(energy));
        assertRefused("must be floating-point numbers [4], found F64 [3]", draft -> draft.put(
                        TensorSpec.of("l/energy", TensorType.F64, 3))
                .metadata
                .put("rank", "16"));
        for (String rank : new String[] {"0", "-1", "x", ""}) {
            assertRefused("rank must be a positive number", draft -> draft.metadata.put("rank", rank));
        }
        assertRefused("a fit needs the positions", draft -> {
            draft.metadata.put("rank", "16");
            draft.metadata.put("objective", "sampled");
        });
    }

    @ParameterizedTest
    @CsvSource({
        "format, other, influence-captures",
        "version, 2, version must be 1",
        "objective, loss, 'sampled, training or measurement'",
        "layers, '[]', must be an object",
        "layers, '{}', declares no layers",
        "layers, '{\"l\":{\"in\":2,\"out\":3,\"bias\":true},\"l\":{\"in\":2,\"out\":3,\"bias\":true}}', JSON",
        "layers, '{\"l\":{\"in\":2,\"out\":3}}', bias",
        "layers, '{\"l\":{\"in\":2,\"out\":3,\"bias\":1}}', true or false",
        "layers, '{\"l\":{\"in\":2.5,\"out\":3,\"bias\":true}}', whole number",
        "layers, '{\"l\":{\"in\":-2,\"out\":3,\"bias\":true}}', positive",
        "layers, '{\"l\":{\"in\":9999999999,\"out\":3,\"bias\":true}}', positive",
        "layers, '{\"l\":{\"in\":2,\"out\":3,\"bias\":true,\"bais\":1}}', unknown entry",
        "layers, '{\"l\":{\"in\":2,\"out\":3,\"bias\":true,\"positions\":\"words\"}}', tokens",
        "layers, '{\"l\":{\"in\":2,\"out\":3,\"bias\":true,\"positions\":\"none\"}}', no positions",
        "layers, '{\"l\":{\"in\":2,\"out\":3,\"bias\":true,\"uses\":2}}', uses",
        "layers, '{\"l\":{\"in\":7,\"out\":3,\"bias\":true}}', 'must be floating-point numbers [4, t, 7]'",
        "layers, '{\"l\":{\"in\":2,\"out\":3,\"bias\":true,\"input_of\":\"m\"}}', no layer of the file",
        "layers, '{\"l\":{\"in\":2,\"out\":3,\"bias\":true,\"input_of\":\"l\"}}', itself",
        "layers, '{\"l\":{\"in\":2,\"out\":3,\"bias\":true,\"input_of\":\"m\"},\"m\":{\"in\":3,\"out\":3,\"bias\":true}}', must be equal",
        "layers, '{\"m\":{\"in\":2,\"out\":3,\"bias\":true}}', 'must be there'",
        "layers, '{\" \":{\"in\":2,\"out\":3,\"bias\":true}}', needs a name"
    })
    void metadata(String key, String value, String message) throws IOException {
        assertRefused(message, draft -> draft.metadata.put(key, value));
        if (!key.equals("layers")) {
            assertRefused("has no metadata", draft -> draft.metadata.remove(key));
        }
    }

    @Test
    void shapesAndTypes() throws IOException {
        assertRefused("[n, t, in]", d -> d.put(TensorSpec.of("l/activations", TensorType.F32, 4, 2)));
        assertRefused("no examples", d -> d.put(TensorSpec.of("l/activations", TensorType.F32, 0, 5, 2)));
        assertRefused("at least one position", d -> d.put(TensorSpec.of("l/activations", TensorType.F32, 4, 0, 2)));
        assertRefused("[4, t, 2]", d -> d.put(TensorSpec.of("l/activations", TensorType.I32, 4, 5, 2)));
        assertRefused("[4, 5, 3]", d -> d.put(TensorSpec.of("l/output_gradients", TensorType.F32, 4, 6, 3)));
        assertRefused("[4, 5, 3]", d -> d.put(TensorSpec.of("l/output_gradients", TensorType.F32, 5, 5, 3)));
        assertRefused("belongs to no declared layer", d -> d.put(TensorSpec.of("l/maks", TensorType.U8, 4, 5)));
        assertRefused("integers [4]", d -> d.put(TensorSpec.of("ids", TensorType.F32, 4)));
        assertRefused("integers [4]", d -> d.put(TensorSpec.of("ids", TensorType.I64, 5)));
        assertRefused("id 0", d -> d.put(TensorSpec.of("ids", TensorType.I64, 4)));
        // defect: such ids came out negative
        assertRefused("below 2^63", d -> {
            d.put(TensorSpec.of("ids", TensorType.U64, 4));
            d.numbers.put("ids", new double[] {1, 2, 3, -4});
        });
        assertRefused("[4, t]", d -> d.put(TensorSpec.of("mask", TensorType.U8, 4)));
        assertRefused("mask of its own", d -> d.put(TensorSpec.of("mask", TensorType.U8, 4, 6)));
        assertRefused("[4, 5]", d -> d.put(TensorSpec.of("l/mask", TensorType.U8, 4, 6)));
    }

    /** Defect: in float32 the last two are 0 and 1. */
    @ParameterizedTest
    @ValueSource(doubles = {0.5, -1, 1e-300, 1 + 1e-12})
    void aMaskIsZeroOrOne(double wrong) throws IOException {
        Path file = write("x", draft -> {
            draft.put(TensorSpec.of("mask", TensorType.F64, 4, 5));
            draft.numbers.put("mask", new double[20]);
            draft.numbers.get("mask")[7] = wrong;
        });
        try (CaptureSet set = CaptureSet.open(file)) {
            ExampleBatch<CapturedExample> batch = set.batches(4).iterator().next();
            CaptureProvider provider = CaptureProvider.of(set);
            MalformedFileException refused = assertThrows(
                    MalformedFileException.class,
                    () -> provider.capture(batch, new Objective.TrainingLoss(), provider.layers(), capture -> {}));
            assertTrue(
                    String.valueOf(refused.getMessage()).contains(wrong + " for example 1 at position 2"),
                    refused.getMessage());
        }
    }

    @Test
    void numbersMustBeFinite() throws IOException {
        Path file = write("x", draft -> {
            draft.metadata.put("objective", "sampled");
            draft.numbers.put("l/output_gradients", new double[60]);
            draft.numbers.get("l/output_gradients")[20] = Double.NaN;
        });
        try (CaptureSet set = CaptureSet.open(file)) {
            NumericalException refused = assertThrows(
                    NumericalException.class, () -> EigenbasisApproximator.<CapturedExample>ekfac(Backends.EJML)
                            .fit(CaptureProvider.of(set), set));
            assertTrue(
                    String.valueOf(refused.getMessage())
                            .contains("layer l: output gradients of example 1 at position 1, column 2 are NaN"),
                    refused.getMessage());
        }
    }

    @Test
    void shardsMustBelongTogether() throws IOException {
        write("a", draft -> {});
        write("b", draft -> draft.metadata.put("objective", "sampled"));
        assertThrows(MalformedFileException.class, () -> CaptureSet.open(folder));
        write("b", draft -> draft.metadata.put("model", "other"));
        assertThrows(MalformedFileException.class, () -> CaptureSet.open(folder));
        write("b", draft -> draft.put(TensorSpec.of("ids", TensorType.I64, 4)));
        assertThrows(MalformedFileException.class, () -> CaptureSet.open(folder));
        write("b", draft -> {});
        CaptureSet.open(folder).close();
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Path moved = Files.move(folder.resolve("b.safetensors"), elsewhere.resolve("b"));
        Files.createSymbolicLink(folder.resolve("b.safetensors"), moved);
        MalformedFileException refused = assertThrows(MalformedFileException.class, () -> CaptureSet.open(folder));
        assertTrue(String.valueOf(refused.getMessage()).contains("symbolic link"), refused.getMessage());
    }

    @Test
    void setsMustBelongTogether() throws IOException {
        Path one = write("one", draft -> draft.metadata.put("model", "1"));
        Path two = write("two", draft -> draft.metadata.put("model", "2"));
        Path other = write("other", draft -> {
            draft.metadata.put("layers", LAYERS.replace("true", "false"));
        });
        Path tokens = write(
                "tokens",
                draft -> draft.metadata.put("layers", LAYERS.replace("true", "true,\"positions\":\"patches\"")));
        try (CaptureSet first = CaptureSet.open(one);
                CaptureSet second = CaptureSet.open(two);
                CaptureSet third = CaptureSet.open(other);
                CaptureSet fourth = CaptureSet.open(tokens)) {
            assertEquals(Positions.TOKENS, first.layers().get(0).positions());
            assertEquals(Positions.PATCHES, fourth.layers().get(0).positions());
            assertThrows(MalformedFileException.class, () -> CaptureProvider.of(first, second));
            assertThrows(MalformedFileException.class, () -> CaptureProvider.of(first, third));
            assertThrows(MalformedFileException.class, () -> CaptureProvider.of(third, first));
            assertEquals(
                    "1",
                    CaptureProvider.of(fourth.layers(), java.util.Optional.empty(), first)
                            .fingerprint()
                            .get());
            assertThrows(
                    MalformedFileException.class,
                    () -> CaptureProvider.of(fourth.layers(), java.util.Optional.of("2"), first));
            assertThrows(IllegalArgumentException.class, CaptureProvider::of);
        }
    }

    @Test
    void aFileThatChangesUnderTheFitIsRefused() throws IOException {
        Path file = write("x", draft -> draft.metadata.put("objective", "sampled"));
        try (CaptureSet set = CaptureSet.open(file)) {
            CaptureProvider provider = CaptureProvider.of(set);
            ExampleBatch<CapturedExample> batch = set.batches(4).iterator().next();
            assertThrows(
                    MalformedFileException.class,
                    () -> provider.capture(batch, new Objective.SampledLabels(0), provider.layers(), capture -> {
                        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                            channel.truncate(channel.size() - 8);
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                        capture.outputGradients().toArray();
                    }));
        }
    }
}
