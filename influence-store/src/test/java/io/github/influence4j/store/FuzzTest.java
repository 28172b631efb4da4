package io.github.influence4j.store;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreReader;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Spoilt files of every kind: a reader takes them or says what is wrong with them, takes no memory that the file does not
 * justify, and comes to an end. Ten thousand cases here; {@code -Pfuzz} runs a million.
 */
class FuzzTest {

    private static final int CASES = Integer.getInteger("influence.fuzz.cases", 10_000);

    private static final long SEED = Long.getLong("influence.fuzz.seed", 20230803L);

    @TempDir
    private Path folder;

    private List<Path> captureFiles = List.of();
    private List<Path> factorFiles = List.of();
    private List<Path> scoreFiles = List.of();
    private List<LayerSpec> layers = List.of();

    @BeforeEach
    void writeValidFiles() throws IOException {
        Path golden = copyGolden("captures");
        captureFiles = files(golden);
        try (CaptureSet set = CaptureSet.open(golden.resolve("sampled.safetensors"))) {
            CaptureProvider model = CaptureProvider.of(set);
            layers = model.layers();
            FitOptions options = FitOptions.defaults().withStrategy(Strategy.EKFAC);
            try (EigenbasisCurvature curvature = EigenbasisApproximator.<CapturedExample>of(Backends.EJML, options)
                            .fit(model, set);
                    EigenbasisSolver solver = curvature.solver(Damping.DEFAULT);
                    CaptureSet queries = CaptureSet.open(golden.resolve("measurement.safetensors"));
                    CaptureSet train = CaptureSet.open(golden.resolve("training.safetensors"))) {
                FactorStore.save(folder.resolve("factors"), curvature);
                InfluenceScores scores = new InfluenceScorer<>(
                                Backends.EJML,
                                CaptureProvider.of(queries, train),
                                ScoreOptions.defaults().withPerToken(true),
                                ProgressListener.silent())
                        .pairwise(solver, queries, train);
                new ScoreWriter(folder.resolve("scores"), ScoreFormat.SAFETENSORS).write(scores);
            }
        }
        factorFiles = files(folder.resolve("factors"));
        scoreFiles = files(folder.resolve("scores"));
    }

    private Path copyGolden(String name) throws IOException {
        Path copy = Files.createDirectory(folder.resolve(name));
        for (String file : List.of("sampled", "training", "measurement")) {
            try (var in = FuzzTest.class.getResourceAsStream("/kronfluence/" + file + ".safetensors")) {
                Files.copy(java.util.Objects.requireNonNull(in), copy.resolve(file + ".safetensors"));
            }
        }
        return copy;
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !file.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.MINUTES)
    void spoiltFilesAreReadOrRefused() throws IOException {
        int[] refused = new int[4];
        int[] taken = new int[4];
        for (int k = 0; k < CASES; k++) {
            // each case has a seed of its own, so that it can be repeated alone
            SplittableRandom random = new SplittableRandom(SEED + k);
            int kind = k % 4;
            boolean read =
                    switch (kind) {
                        case 0 -> run(k, random, captureFiles, FuzzTest::readTensors);
                        case 1 -> run(k, random, captureFiles, FuzzTest::readCaptures);
                        case 2 -> run(k, random, factorFiles, spoilt -> readFactors());
                        default -> run(k, random, scoreFiles, spoilt -> ScoreReader.pairwise(folder.resolve("scores")));
                    };
            (read ? taken : refused)[kind]++;
        }
        for (int kind = 0; kind < 4; kind++) {
            String counts = "kind " + kind + ": " + taken[kind] + " taken, " + refused[kind] + " refused";
            // a mutator that spoils nothing, or everything at the first byte, would test nothing
            assertTrue(refused[kind] > CASES / 20, counts);
        }
    }

    /** Reads one spoilt file. */
    private interface Target {
        void read(Path spoilt) throws IOException;
    }

    /** Spoils one of the files, has it read, and puts it back. */
    private static boolean run(int k, SplittableRandom random, List<Path> files, Target target) throws IOException {
        Path file = files.get(random.nextInt(files.size()));
        byte[] valid = Files.readAllBytes(file);
        Mutator mutator = new Mutator(random);
        byte[] spoilt = file.toString().endsWith(".json")
                ? random.nextInt(4) == 0 ? mutator.bytes(valid) : mutator.json(valid)
                : mutator.safetensors(valid);
        Files.write(file, spoilt);
        try {
            long total = 0;
            for (Path each : files) {
                total += Files.size(each);
            }
            return SpoiltRead.isTaken("case " + k + " of seed " + SEED + ", " + file, total, () -> target.read(file));
        } finally {
            Files.write(file, valid);
        }
    }

    private static void readTensors(Path spoilt) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(spoilt)) {
            for (String name : file.names()) {
                TensorSpec spec = file.tensor(name);
                // shapes such as [0, 2^40] are right, but no matrices
                if (spec.elements() > 0) {
                    file.matrix(name).toArray();
                    float[] numbers = new float[(int) spec.elements()];
                    file.read(name, 0, numbers.length, numbers, 0);
                }
            }
            file.checkUnchanged();
        }
    }

    private static void readCaptures(Path spoilt) throws IOException {
        try (CaptureSet set = CaptureSet.open(spoilt)) {
            CaptureProvider model = CaptureProvider.of(set);
            Objective objective = set.objective() == CaptureObjective.SAMPLED
                    ? new Objective.SampledLabels(1)
                    : set.objective() == CaptureObjective.TRAINING
                            ? new Objective.TrainingLoss()
                            : new Objective.Measurement();
            for (ExampleBatch<CapturedExample> batch : set.batches(5)) {
                List<Integer> rows = new ArrayList<>();
                model.capture(batch, objective, model.layers(), capture -> {
                    rows.add(capture.activations().toArray().length);
                    rows.add(capture.outputGradients().toArray().length);
                });
            }
        }
    }

    /** With the manifest and its checksums, and without. */
    private void readFactors() throws IOException {
        Path factors = folder.resolve("factors");
        boolean refused = false;
        try {
            FactorStore.open(factors).load(Backends.EJML).close();
        } catch (MalformedFileException e) {
            refused = true;
        }
        FactorStore.openKronfluence(factors, layers, Backends.EJML)
                .load(Backends.EJML)
                .close();
        if (refused) {
            // what the checksums refuse may be right otherwise
            throw new MalformedFileException(factors, "refused by its manifest");
        }
    }
}
