package io.github.influence4j.store.runs;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.Backends;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CaptureWriter;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a run reads and writes grows with its shards and its layers, not with their squares. Counted by the operating system in
 * {@code /proc/self/io}, so on Linux only.
 */
class LinearWorkTest {

    private static final Path COUNTERS = Path.of("/proc/self/io");

    /** Twice the work is to take twice the bytes; a square would take four times as many. */
    private static final double LINEAR = 2.5;

    /** Bytes that the process reads or writes beside the run, classes and reports for instance. */
    private static final long BESIDE = 1 << 20;

    private static final int SHARDS = Integer.getInteger("influence.shards", 60);

    @TempDir
    private Path folder;

    /** Bytes read and written. */
    private record Bytes(long read, long written) {

        static Bytes now() throws IOException {
            List<String> lines = Files.readAllLines(COUNTERS);
            return new Bytes(counter(lines, "rchar: "), counter(lines, "wchar: "));
        }

        private static long counter(List<String> lines, String name) {
            return lines.stream()
                    .filter(line -> line.startsWith(name))
                    .mapToLong(line -> Long.parseLong(line.substring(name.length())))
                    .sum();
        }

        Bytes since(Bytes before) {
            return new Bytes(read - before.read, written - before.written);
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    @BeforeEach
    void requireCounters() {
        assumeTrue(Files.isReadable(COUNTERS));
    }

    private Path write(String name, CaptureObjective objective, int shards, int layers) throws IOException {
        Path captures = Files.createDirectories(folder.resolve(name));
        CaptureWriter writer = new CaptureWriter(objective, Optional.empty(), TensorType.F32);
        SplittableRandom random = new SplittableRandom(3);
        List<LayerSpec> specs = IntStream.range(0, layers)
                .mapToObj(layer -> LayerSpec.dense("layer" + layer, 40, 20))
                .toList();
        for (int s = 0; s < shards; s++) {
            writer.write(
                    captures.resolve(String.format("shard-%05d.safetensors", s)),
                    new long[] {2L * s, 2L * s + 1},
                    specs.stream()
                            .map(layer -> LayerCapture.of(layer, random(random, 40), random(random, 20)))
                            .toList());
        }
        return captures;
    }

    private static Matrix random(SplittableRandom random, int columns) {
        return Matrix.of(random.doubles(2L * columns, -1, 1).toArray(), 2, columns);
    }

    private static Bytes counted(Work work) throws IOException {
        Bytes before = Bytes.now();
        work.run();
        return Bytes.now().since(before);
    }

    private void fit(Path captures, String out) throws IOException {
        try (CaptureSet set = CaptureSet.open(captures)) {
            FitRun.of(Backends.EJML, FitOptions.defaults(), set, ProgressListener.silent())
                    .run(folder.resolve(out), false);
        }
    }

    private void score(Path train, Path queries, String factors, String out) throws IOException {
        try (CaptureSet set = CaptureSet.open(train);
                CaptureSet asked = CaptureSet.open(queries)) {
            ScoreRun.of(
                            Backends.EJML,
                            FactorStore.open(folder.resolve(factors)),
                            Damping.DEFAULT,
                            ScoreOptions.defaults(),
                            set,
                            ProgressListener.silent())
                    .pairwise(
                            asked,
                            ScoreRun.Result.all(),
                            new ScoreWriter(folder.resolve(out), ScoreFormat.SAFETENSORS),
                            false);
        }
    }

    private static void requireLinear(String what, Bytes once, Bytes twice) {
        assertTrue(
                twice.read() <= LINEAR * once.read() + BESIDE && twice.written() <= LINEAR * once.written() + BESIDE,
                what + ": " + once + ", for twice as many " + twice);
    }

    /** Defect: 5,000 shards wrote 2 GB of progress for 3.6 MB of captures. */
    @Test
    void shards() throws IOException {
        Path queries = write("queries", CaptureObjective.MEASUREMENT, 1, 1);
        Bytes[] fits = new Bytes[3];
        Bytes[] scores = new Bytes[3];
        for (int k = 0; k < 3; k++) {
            int shards = SHARDS << k;
            Path sampled = write("sampled" + k, CaptureObjective.SAMPLED, shards, 1);
            Path train = write("train" + k, CaptureObjective.TRAINING, shards, 1);
            String factors = "factors" + k;
            String out = "scores" + k;
            fits[k] = counted(() -> fit(sampled, factors));
            scores[k] = counted(() -> score(train, queries, factors, out));
        }
        // the first loads what is loaded once
        requireLinear("fit " + Arrays.toString(fits), fits[1], fits[2]);
        requireLinear("score " + Arrays.toString(scores), scores[1], scores[2]);
    }

    /** Defect: 400 layers read 16 GB for 26 MB of covariances. */
    @Test
    void layers() throws IOException {
        Bytes[] fits = new Bytes[3];
        for (int k = 0; k < 3; k++) {
            Path sampled = write("layers" + k, CaptureObjective.SAMPLED, 3, 20 << k);
            String factors = "layered" + k;
            fits[k] = counted(() -> fit(sampled, factors));
        }
        requireLinear("fit " + Arrays.toString(fits), fits[1], fits[2]);
    }
}
