package io.github.influence4j.store.runs;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.Backends;
import io.github.influence4j.store.Resealing;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CaptureWriter;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Layers that read the same input, in files: one tensor for all of them, and the numbers of one for each. */
class SharedInputsTest {

    private static final List<LayerSpec> LAYERS = TestCaptures.SHARING;

    private static final ScoreRun.Result WHOLE = new ScoreRun.Result(Optional.empty(), OptionalInt.empty());

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @BeforeEach
    void writeCaptures() throws IOException {
        TestCaptures.sharing(folder.resolve("said"), CaptureObjective.SAMPLED, 5, true);
        TestCaptures.sharing(folder.resolve("silent"), CaptureObjective.SAMPLED, 5, false);
    }

    private FactorStore fit(MatrixBackend backend, String captures, FitOptions options) throws IOException {
        try (CaptureSet set = CaptureSet.open(folder.resolve(captures))) {
            return FitRun.of(backend, options, set, ProgressListener.silent())
                    .run(Files.createTempDirectory(folder, captures), false);
        }
    }

    private static List<MatrixBackend> backends() {
        return List.of(Backends.EJML, Backends.OPENBLAS_FLOAT64, Backends.OPENBLAS_FLOAT32);
    }

    @ParameterizedTest
    @EnumSource(Strategy.class)
    void readBackTheFactorsHaveTheSameBits(Strategy strategy) throws IOException {
        boolean shares = strategy == Strategy.EKFAC || strategy == Strategy.KFAC;
        for (MatrixBackend backend : backends()) {
            for (int blocks : new int[] {1, 2}) {
                FitOptions options = FitOptions.defaults()
                        .withStrategy(strategy)
                        .withBlocks(blocks)
                        .withBatchSize(4);
                FactorStore shared = fit(backend, "said", options);
                FactorStore alone = fit(backend, "silent", options);
                assertEquals(
                        shares ? TestCaptures.READING : List.of(),
                        shared.manifest().sharedInputs());
                assertEquals(List.of(), alone.manifest().sharedInputs());
                try (EigenbasisCurvature one = EigenbasisCurvature.require(shared.load(backend));
                        EigenbasisCurvature other = EigenbasisCurvature.require(alone.load(backend))) {
                    assertSameBits(other.layerCurvatures(), one.layerCurvatures());
                    FactorMemory memory = new FactorMemory(
                            backend.precision(),
                            strategy,
                            blocks,
                            SharedInputs.of(shared.manifest().sharedInputs(), LAYERS));
                    assertEquals(memory.keptBytes(LAYERS), one.heldBytes());
                }
            }
        }
    }

    private static void assertSameBits(List<LayerCurvature> expected, List<LayerCurvature> actual) {
        for (int l = 0; l < expected.size(); l++) {
            LayerCurvature one = expected.get(l);
            LayerCurvature other = actual.get(l);
            assertEquals(one.layer(), other.layer());
            assertEquals(one.basis().isPresent(), other.basis().isPresent());
            if (one.basis().isPresent()) {
                var basis = one.basis().get();
                var found = other.basis().orElseThrow();
                assertArrayEquals(
                        basis.activationVectors().toArray(),
                        found.activationVectors().toArray());
                assertArrayEquals(basis.activationValues(), found.activationValues());
                assertArrayEquals(
                        basis.gradientVectors().toArray(),
                        found.gradientVectors().toArray());
                assertArrayEquals(basis.gradientValues(), found.gradientValues());
            }
            if (one.eigenvalues().isPresent()) {
                assertArrayEquals(
                        one.eigenvalues().get().toArray(),
                        other.eigenvalues().orElseThrow().toArray());
            }
        }
    }

    @Test
    void theFilesHoldOneTensorForTheLayersOfAList() throws IOException {
        Path factors = folder.resolve("factors");
        try (CaptureSet set = CaptureSet.open(folder.resolve("said"))) {
            FitRun.of(Backends.EJML, FitOptions.defaults(), set, ProgressListener.silent())
                    .run(factors, false);
        }
        for (String name : List.of("activation_eigenvectors", "activation_eigenvalues")) {
            try (SafetensorsFile file = SafetensorsFile.open(factors.resolve(name + ".safetensors"))) {
                assertEquals(Set.of("q", "gate", "down"), Set.copyOf(file.names()));
            }
        }
        try (SafetensorsFile file = SafetensorsFile.open(factors.resolve("gradient_eigenvectors.safetensors"))) {
            assertEquals(LAYERS.size(), file.names().size());
        }
    }

    /** The layer whose name the tensors have need not be among them. */
    @Test
    void someLayersShareAmongThemselves() throws IOException {
        FactorStore store = fit(Backends.EJML, "said", FitOptions.defaults());
        List<LayerSpec> some = List.of(LAYERS.get(2), LAYERS.get(3), LAYERS.get(4));
        try (EigenbasisCurvature all = EigenbasisCurvature.require(store.load(Backends.EJML));
                EigenbasisCurvature part = EigenbasisCurvature.require(store.load(Backends.EJML, some))) {
            List<LayerCurvature> expected = all.layerCurvatures().subList(2, 5);
            assertSameBits(expected, part.layerCurvatures());
            assertSame(
                    part.layerCurvatures().get(0).basis().orElseThrow().activationVectors(),
                    part.layerCurvatures().get(1).basis().orElseThrow().activationVectors());
        }
    }

    @Test
    void scoresFromFilesAreTheSame() throws IOException {
        try (CaptureSet train = CaptureSet.open(
                        TestCaptures.sharing(folder.resolve("train"), CaptureObjective.TRAINING, 6, true));
                CaptureSet queries = CaptureSet.open(
                        TestCaptures.sharing(folder.resolve("queries"), CaptureObjective.MEASUREMENT, 7, false))) {
            List<String> scores = new ArrayList<>();
            for (String captures : List.of("said", "silent")) {
                FactorStore factors = fit(Backends.EJML, captures, FitOptions.defaults());
                // room for all factors that are shared, for some layers at a time, and for one at a time
                for (long limit : new long[] {Long.MAX_VALUE, 8000, 1}) {
                    ScoreOptions options = ScoreOptions.defaults().withMemoryLimit(limit);
                    var run = ScoreRun.of(
                            Backends.EJML, factors, Damping.DEFAULT, options, train, ProgressListener.silent());
                    Path out = Files.createTempDirectory(folder, "scores");
                    run.pairwise(queries, WHOLE, new ScoreWriter(out, ScoreFormat.CSV), false);
                    scores.add(Files.readString(out.resolve("pairwise_scores.csv")));
                }
            }
            for (int k = 0; k < 3; k++) {
                assertEquals(scores.get(k), scores.get(3 + k));
            }
        }
    }

    /** kronfluence looks for a tensor of each layer; such a folder is also what older versions wrote. */
    @Test
    void forKronfluenceEveryLayerHasItsOwn() throws IOException {
        try (CaptureSet set = CaptureSet.open(folder.resolve("said"));
                FittedCurvature<CapturedExample> fitted =
                        Ekfac.on(Backends.EJML).fit(CaptureProvider.of(set), set)) {
            FactorStore own = FactorStore.saveForKronfluence(folder.resolve("own"), fitted);
            FactorStore shared = FactorStore.save(folder.resolve("shared"), fitted);
            assertTrue(Files.readString(folder.resolve("own/manifest.json")).contains("\"version\" : 1"));
            assertTrue(Files.readString(folder.resolve("shared/manifest.json")).contains("\"version\" : 2"));
            try (EigenbasisCurvature expected = EigenbasisCurvature.require(shared.load(Backends.EJML));
                    EigenbasisCurvature actual = EigenbasisCurvature.require(own.load(Backends.EJML));
                    EigenbasisCurvature there = EigenbasisCurvature.require(
                            FactorStore.openKronfluence(folder.resolve("own"), LAYERS, Backends.EJML)
                                    .load(Backends.EJML))) {
                assertSameBits(expected.layerCurvatures(), actual.layerCurvatures());
                assertSameBits(expected.layerCurvatures(), there.layerCurvatures());
            }
            assertThrows(MalformedFileException.class, () -> FactorStore.openKronfluence(
                            folder.resolve("shared"), LAYERS, Backends.EJML)
                    .load(Backends.EJML));
        }
    }

    @Test
    void aWrongManifestIsRefused() throws IOException {
        Path factors = folder.resolve("factors");
        try (CaptureSet set = CaptureSet.open(folder.resolve("said"));
                FittedCurvature<CapturedExample> fitted =
                        Ekfac.on(Backends.EJML).fit(CaptureProvider.of(set), set)) {
            FactorStore.save(factors, fitted);
        }
        Path file = factors.resolve(FactorManifest.FILE);
        String right = Files.readString(file);
        String ofQ = "\"input_of\" : \"q\"";
        String ofGate = "\"input_of\" : \"gate\"";
        record Wrong(String old, String now, String message) {}
        for (Wrong wrong : List.of(
                new Wrong(ofGate, "\"input_of\" : \"other\"", "no layer of the file"),
                new Wrong(ofGate, "\"input_of\" : \"q\"", "inputs, bias and positions must be equal"),
                new Wrong(ofQ, "\"input_of\" : \"v\"", "itself"),
                new Wrong(ofGate, "\"input_of\" : 3", "a text"),
                new Wrong("\"strategy\" : \"ekfac\"", "\"strategy\" : \"gradient_basis\"", "share nothing"),
                new Wrong("\"version\" : 2", "\"version\" : 1", "input_of"),
                new Wrong("\"version\" : 2", "\"version\" : 3", "1 or 2"),
                // gate and down have equal inputs, so what is there tells: down has tensors, up has none
                new Wrong("\"name\" : \"down\",", "\"name\" : \"down\", " + ofGate + ",", "tensor of its own"),
                new Wrong(",\\s*" + ofGate, "", "no tensor"))) {
            String spoilt = right.replaceFirst(wrong.old(), wrong.now());
            assertNotEquals(right, spoilt, wrong.old());
            Resealing.edit(file, before -> spoilt);
            String message = String.valueOf(assertThrows(
                            MalformedFileException.class,
                            () -> FactorStore.open(factors).load(Backends.EJML),
                            wrong.now())
                    .getMessage());
            assertTrue(message.contains(wrong.message()), message);
        }
    }

    @Test
    void setsMustAgree() throws IOException {
        Path training = TestCaptures.sharing(folder.resolve("training"), CaptureObjective.TRAINING, 6, false);
        try (CaptureSet said = CaptureSet.open(folder.resolve("said"));
                CaptureSet silent = CaptureSet.open(training)) {
            assertEquals(TestCaptures.READING, said.sharedInputs());
            assertEquals(List.of(), silent.sharedInputs());
            CaptureProvider model = CaptureProvider.of(silent, said);
            Path others = saying("others", List.of(List.of("q", "k")));
            try (CaptureSet other = CaptureSet.open(others)) {
                assertThrows(MalformedFileException.class, () -> CaptureProvider.of(said, other));
            }
            assertEquals(TestCaptures.READING, model.sharedInputs());
            // q and gate are left out
            assertEquals(
                    List.of(List.of("k", "v")), model.only(LAYERS.subList(2, 5)).sharedInputs());
        }
    }

    @Test
    void aModelThatIsExportedSaysWhatItShares() throws IOException {
        try (CaptureSet said = CaptureSet.open(folder.resolve("said"))) {
            CaptureProvider model = CaptureProvider.of(said);
            Path copy = folder.resolve("copy");
            CaptureWriter.export(model, said, new Objective.SampledLabels(1), TensorType.F64, 4, copy);
            try (CaptureSet exported = CaptureSet.open(copy)) {
                assertEquals(TestCaptures.READING, exported.sharedInputs());
            }
            assertThrows(IllegalArgumentException.class, () -> saying("wrong", List.of(List.of("q", "down"))));
        }
    }

    /** Some of the captures again, with other lists. */
    private Path saying(String name, List<List<String>> lists) throws IOException {
        try (CaptureSet said = CaptureSet.open(folder.resolve("said"))) {
            CaptureWriter writer = new CaptureWriter(
                    CaptureObjective.SAMPLED, Optional.empty(), Optional.empty(), TensorType.F64, lists);
            List<LayerCapture> captures = new ArrayList<>();
            ExampleBatch<CapturedExample> batch = said.batches(2).iterator().next();
            CaptureProvider.of(said).capture(batch, new Objective.SampledLabels(1), LAYERS, captures::add);
            Path out = Files.createDirectory(folder.resolve(name));
            writer.write(out.resolve("0.safetensors"), batch.ids(), captures);
            return out;
        }
    }

    /** Files that lie: a fit compares what layers are said to share. */
    @Test
    void filesWithOtherActivationsAreRefused() throws IOException {
        saying("lies", List.of(List.of("gate", "up", "down")));
        String message = String.valueOf(
                assertThrows(IllegalArgumentException.class, () -> fit(Backends.EJML, "lies", FitOptions.defaults()))
                        .getMessage());
        assertTrue(message.contains("layer down") && message.contains("layer gate"), message);
    }
}
