package io.github.influence4j.store.runs;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.QueryAggregate;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.QueryRank;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.store.Backends;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.runs.ScoreRun.Result;
import io.github.influence4j.store.scores.ScoreFormat;
import io.github.influence4j.store.scores.ScoreReader;
import io.github.influence4j.store.scores.ScoreWriter;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Scores in units, ended after every unit in turn and taken up again. */
class ScoreRunTest {

    private static final MatrixBackend BACKEND = Backends.EJML;
    private static final int EXAMPLES = TestCaptures.SHARDS * TestCaptures.EXAMPLES;

    private static final ScoreOptions PARTS =
            ScoreOptions.defaults().withPerLayer(true).withPerToken(true).withBatchSize(4);

    /** Room for one layer at a time, and for one batch of queries. */
    private static final ScoreOptions NARROW = PARTS.withMemoryLimit(1).withQueryBatchSize(4);

    /** Ends a run from within, as a full disk or a lost machine would. */
    private static final class Ended extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @SuppressWarnings("NullAway.Init")
    private FactorStore factors;

    @SuppressWarnings("NullAway.Init")
    private CaptureSet train;

    @SuppressWarnings("NullAway.Init")
    private CaptureSet queries;

    @BeforeEach
    void fit() throws IOException {
        Path sampled = TestCaptures.write(folder.resolve("sampled"), CaptureObjective.SAMPLED, 5);
        try (CaptureSet captures = CaptureSet.open(sampled)) {
            factors = FitRun.of(BACKEND, FitOptions.defaults(), captures, ProgressListener.silent())
                    .run(folder.resolve("factors"), false);
        }
        train = CaptureSet.open(TestCaptures.write(folder.resolve("train"), CaptureObjective.TRAINING, 6));
        queries = CaptureSet.open(TestCaptures.write(folder.resolve("queries"), CaptureObjective.MEASUREMENT, 7));
    }

    @AfterEach
    void close() throws IOException {
        train.close();
        queries.close();
    }

    /** Singular pairs are no tokens; without parts by token they score as any captures do. */
    @Test
    void gradientsThatWereCutHaveNoTokens() throws IOException {
        Path cut = folder.resolve("cut.safetensors");
        try (SafetensorsFile shard = SafetensorsFile.open(train.files().get(0))) {
            Map<String, String> metadata = new LinkedHashMap<>(shard.metadata());
            metadata.put("rank", "4");
            List<TensorSpec> specs = shard.names().stream().map(shard::tensor).toList();
            try (SafetensorsWriter writer = SafetensorsWriter.create(cut, specs, metadata)) {
                for (TensorSpec spec : specs) {
                    if (spec.type().isFloating()) {
                        double[] numbers = new double[(int) spec.elements()];
                        shard.read(spec.name(), 0, numbers.length, numbers, 0);
                        writer.append(spec.name(), numbers, 0, numbers.length);
                    } else {
                        long[] numbers = new long[(int) spec.elements()];
                        shard.read(spec.name(), 0, numbers.length, numbers, 0);
                        writer.append(spec.name(), numbers, 0, numbers.length);
                    }
                }
                writer.commit();
            }
        }
        try (CaptureSet set = CaptureSet.open(cut)) {
            ScoreWriter writer = new ScoreWriter(folder.resolve("of-cut"), ScoreFormat.SAFETENSORS);
            IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> run(PARTS, set)
                    .pairwise(queries, Result.all(), writer, false));
            assertTrue(String.valueOf(refused.getMessage()).contains("which are no tokens"), refused.getMessage());
            run(PARTS.withPerToken(false), set).pairwise(queries, Result.all(), writer, false);
            assertEquals(
                    TestCaptures.EXAMPLES,
                    ScoreReader.pairwise(folder.resolve("of-cut")).trainIds().length);
        }
    }

    private ScoreRun<CapturedExample> run(ScoreOptions options, CaptureSet set) {
        return ScoreRun.of(BACKEND, factors, Damping.DEFAULT, options, set, ProgressListener.silent());
    }

    /** A group of layers need not have one that runs at tokens; what has no tokens counts in the totals only. */
    @Test
    void tokensOfSomeLayersInGroups() throws IOException {
        close();
        Path sampled = TestCaptures.withHead(folder.resolve("sampled3"), CaptureObjective.SAMPLED, 5);
        try (CaptureSet captures = CaptureSet.open(sampled)) {
            factors = FitRun.of(BACKEND, FitOptions.defaults(), captures, ProgressListener.silent())
                    .run(folder.resolve("factors3"), false);
        }
        train = CaptureSet.open(TestCaptures.withHead(folder.resolve("train3"), CaptureObjective.TRAINING, 6));
        queries = CaptureSet.open(TestCaptures.withHead(folder.resolve("queries3"), CaptureObjective.MEASUREMENT, 7));
        for (ScoreOptions options : List.of(PARTS, NARROW)) {
            Provenance made = pairwise("tokens", options, Result.all(), false);
            assertSame(whole(PARTS), ScoreReader.pairwise(folder.resolve("tokens")), options.toString());
            long groups = options.memoryLimit().isPresent() ? 3 : 1;
            assertEquals(groups, made.counts().get("layer groups of scores"));
        }
    }

    private ScoreRun<CapturedExample> run(ScoreOptions options, ProgressListener progress) {
        return ScoreRun.of(BACKEND, factors, Damping.DEFAULT, options, train, progress);
    }

    private ScoreWriter writer(String out) {
        return new ScoreWriter(folder.resolve(out), ScoreFormat.SAFETENSORS);
    }

    private Provenance pairwise(String out, ScoreOptions options, Result result, boolean resume) throws IOException {
        return run(options, ProgressListener.silent()).pairwise(queries, result, writer(out), resume);
    }

    /** The scores of one scorer, which knows nothing of units. */
    private InfluenceScores whole(ScoreOptions options) throws IOException {
        try (EigenbasisCurvature curvature = EigenbasisCurvature.require(factors.load(BACKEND));
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            return new InfluenceScorer<CapturedExample>(
                            BACKEND, CaptureProvider.of(train, queries), options, ProgressListener.silent())
                    .pairwise(solver, queries, train);
        }
    }

    private static void assertSame(InfluenceScores expected, InfluenceScores actual, String message) {
        assertArrayEquals(expected.queryIds(), actual.queryIds());
        assertArrayEquals(expected.trainIds(), actual.trainIds());
        assertClose(expected.matrix(), actual.matrix(), Tolerances.REORDERED_FLOAT64, message);
        assertEquals(expected.layers(), actual.layers());
        for (String layer : expected.layers()) {
            assertClose(expected.layer(layer), actual.layer(layer), Tolerances.REORDERED_FLOAT64, message + layer);
        }
        assertEquals(expected.hasTokens(), actual.hasTokens());
        for (int q = 0; expected.hasTokens() && q < expected.queryIds().length; q++) {
            for (int z = 0; z < expected.trainIds().length; z++) {
                assertClose(expected.tokens(q, z), actual.tokens(q, z), Tolerances.REORDERED_FLOAT64, message);
            }
        }
        assertEquals(expected.tokenLayers(), actual.tokenLayers());
        for (String layer : expected.tokenLayers()) {
            for (int q = 0; q < expected.queryIds().length; q++) {
                for (int z = 0; z < expected.trainIds().length; z++) {
                    assertClose(
                            expected.tokens(layer, q, z),
                            actual.tokens(layer, q, z),
                            Tolerances.REORDERED_FLOAT64,
                            message + layer);
                }
            }
        }
    }

    @Test
    void unitsAddUpToTheScoresOfTheWhole() throws IOException {
        for (ScoreOptions options : List.of(PARTS, NARROW, PARTS.withRank(2), NARROW.withRank(2))) {
            Provenance made = pairwise("scores", options, Result.all(), false);
            assertSame(whole(options), ScoreReader.pairwise(folder.resolve("scores")), options.toString());
            long groups = options.memoryLimit().isPresent() ? 2 : 1;
            assertEquals(groups, made.counts().get("layer groups of scores"), options.toString());
            assertEquals(
                    options.rank().isPresent(),
                    made.options().containsKey("largest relative error of a cut query"),
                    made.options().toString());
        }
    }

    @Test
    void endedAfterAnyUnitItGivesTheSameBytes() throws IOException {
        for (ScoreOptions options : List.of(PARTS.withRank(2), NARROW)) {
            String kind = options.rank().isPresent() ? "cut" : "narrow";
            List<String> lines = new ArrayList<>();
            run(options, (stage, done, total) -> lines.add(stage + " " + done))
                    .pairwise(queries, Result.all(), writer(kind), false);
            // with a query a pass there are many alike
            for (int last = 1; last <= lines.size(); last += lines.size() > 30 ? 13 : 1) {
                String out = kind + last;
                int limit = last;
                List<String> heard = new ArrayList<>();
                assertThrows(Ended.class, () -> run(options, (stage, done, total) -> {
                            heard.add(stage);
                            if (heard.size() == limit) {
                                throw new Ended();
                            }
                        })
                        .pairwise(queries, Result.all(), writer(out), false));
                refusesOthers(out, options, lines.get(last - 1));
                List<String> rest = new ArrayList<>();
                run(options, (stage, done, total) -> rest.add(stage + " " + done))
                        .pairwise(queries, Result.all(), writer(out), true);
                // nothing that was finished is done again; queries are finished when all of a pass are
                assertEquals(of("scores", lines.subList(last, lines.size())), of("scores", rest));
                if (lines.get(last - 1).startsWith("scores")) {
                    assertEquals(lines.subList(last, lines.size()), rest);
                }
                assertSameBytes(folder.resolve(kind), folder.resolve(out));
                assertFalse(Files.exists(folder.resolve(out).resolve(".progress")));
                pairwise(out, options, Result.all(), true);
            }
        }
    }

    private static List<String> of(String stage, List<String> lines) {
        return lines.stream().filter(line -> line.startsWith(stage)).toList();
    }

    private void refusesOthers(String out, ScoreOptions options, String after) {
        if (!after.startsWith("scores")) {
            return;
        }
        assertThrows(IllegalStateException.class, () -> pairwise(out, options, Result.all(), false), "no resume");
        assertThrows(
                IllegalStateException.class,
                () -> pairwise(out, options.withPerToken(false), Result.all(), true),
                "other options");
        assertThrows(IllegalStateException.class, () -> run(options, ProgressListener.silent())
                .self(writer(out), true));
    }

    private static void assertSameBytes(Path expected, Path actual) throws IOException {
        assertEquals(namesIn(expected), namesIn(actual));
        for (String name : namesIn(expected)) {
            // that has durations in it
            if (name.equals("scores.json")) {
                continue;
            }
            assertArrayEquals(
                    Files.readAllBytes(expected.resolve(name)), Files.readAllBytes(actual.resolve(name)), name);
        }
    }

    private static Set<String> namesIn(Path out) throws IOException {
        try (Stream<Path> files = Files.list(out)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.startsWith("."))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** Ended after every unit in turn; and at no moment does the folder hold more of a shard than its best and worst. */
    @Test
    void bestAndWorstAreAllThatIsKept() throws IOException {
        ScoreOptions totals = ScoreOptions.defaults().withBatchSize(4);
        ScoreOptions narrow = totals.withMemoryLimit(1).withQueryBatchSize(4);
        for (ScoreOptions options : List.of(totals, narrow)) {
            for (Optional<QueryAggregate> over :
                    List.of(Optional.<QueryAggregate>empty(), Optional.of(QueryAggregate.MEAN))) {
                Result result = new Result(over, OptionalInt.of(1));
                String kind = "top" + options.memoryLimit().isPresent() + over.isPresent();
                List<String> lines = new ArrayList<>();
                run(options, (stage, done, total) -> {
                            lines.add(stage + " " + done);
                            requireSmall(folder.resolve(kind), over.isPresent());
                        })
                        .pairwise(queries, result, writer(kind), false);
                for (int last = 1; last <= lines.size(); last += lines.size() > 30 ? 29 : 1) {
                    int limit = last;
                    String out = kind + last;
                    int[] heard = {0};
                    assertThrows(Ended.class, () -> run(options, (stage, done, total) -> {
                                heard[0]++;
                                if (heard[0] == limit) {
                                    throw new Ended();
                                }
                            })
                            .pairwise(queries, result, writer(out), false));
                    List<String> rest = new ArrayList<>();
                    run(options, (stage, done, total) -> rest.add(stage + " " + done))
                            .pairwise(queries, result, writer(out), true);
                    assertEquals(of("scores", lines.subList(last, lines.size())), of("scores", rest));
                    assertSameBytes(folder.resolve(kind), folder.resolve(out));
                }
            }
        }
    }

    /** One best and one worst of each query are 32 bytes, or one number an example where queries are added up; the rest is headers. */
    private static void requireSmall(Path out, boolean summed) {
        try (Stream<Path> files = Files.list(out.resolve(".progress"))) {
            for (Path file : files.toList()) {
                if (file.getFileName().toString().startsWith("scores-")) {
                    try (SafetensorsFile unit = SafetensorsFile.open(file)) {
                        long numbers = unit.names().stream()
                                .filter(name -> !name.equals("query_ids") && !name.equals("train_ids"))
                                .mapToLong(name -> unit.tensor(name).elements())
                                .sum();
                        long queries = unit.tensor("query_ids").elements();
                        assertEquals(summed ? TestCaptures.EXAMPLES : 4 * queries, numbers, file.toString());
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Neither kind nor format of an older run leaves anything that looks as if it belonged to the new one. */
    @Test
    void aRunIntoTheFolderOfAnotherLeavesOnlyItsOwn() throws IOException {
        ScoreOptions totals = ScoreOptions.defaults();
        pairwise("one", PARTS, Result.all(), false);
        pairwise("one", totals, new Result(Optional.empty(), OptionalInt.of(2)), false);
        assertEquals(
                Set.of("ids.safetensors", "scores.json", "top_scores.safetensors"), namesIn(folder.resolve("one")));
        run(PARTS, ProgressListener.silent())
                .pairwise(queries, Result.all(), new ScoreWriter(folder.resolve("one"), ScoreFormat.NPY), false);
        Set<String> npy = namesIn(folder.resolve("one"));
        assertEquals(9, npy.size(), npy.toString());
        run(totals, ProgressListener.silent()).self(writer("one"), false);
        assertEquals(
                Set.of("ids.safetensors", "scores.json", "self_scores.safetensors"), namesIn(folder.resolve("one")));
    }

    @Test
    void everyOptionThatChangesRoundingIsCompared() throws IOException {
        ScoreOptions plain = ScoreOptions.defaults();
        ended("options", plain);
        for (ScoreOptions other : List.of(
                plain.withBatchSize(3),
                plain.withBatchPositions(3),
                plain.withPerLayer(true),
                plain.withQueryBatchSize(3),
                plain.withRank(2),
                plain.withRank(QueryRank.randomised(2, 1)))) {
            assertThrows(IllegalStateException.class, () -> pairwise("options", other, Result.all(), true), "" + other);
        }
        assertThrows(Ended.class, () -> run(plain, (stage, done, total) -> {
                    throw new Ended();
                })
                .self(writer("self"), false));
        for (ScoreOptions other :
                List.of(plain.withPerLayer(true), plain.withBatchSize(3), plain.withBatchPositions(3))) {
            assertThrows(IllegalStateException.class, () -> run(other, ProgressListener.silent())
                    .self(writer("self"), true));
        }
    }

    private void ended(String out, ScoreOptions options) {
        assertThrows(Ended.class, () -> run(options, (stage, done, total) -> {
                    if (stage.equals("scores")) {
                        throw new Ended();
                    }
                })
                .pairwise(queries, Result.all(), writer(out), false));
    }

    @Test
    void selfInfluenceInUnits() throws IOException {
        ScoreOptions parts = ScoreOptions.defaults().withPerLayer(true);
        ScoreOptions narrow = parts.withMemoryLimit(1);
        SelfInfluence expected;
        try (EigenbasisCurvature curvature = EigenbasisCurvature.require(factors.load(BACKEND));
                EigenbasisSolver solver = curvature.solver(Damping.DEFAULT)) {
            expected = new InfluenceScorer<CapturedExample>(
                            BACKEND, CaptureProvider.of(train), parts, ProgressListener.silent())
                    .self(solver, train);
        }
        run(ScoreOptions.defaults(), ProgressListener.silent()).self(writer("totals"), false);
        SelfInfluence totals = ScoreReader.self(folder.resolve("totals"));
        assertArrayEquals(expected.scores(), totals.scores());
        assertEquals(List.of(), totals.layers());
        for (ScoreOptions options : List.of(parts, narrow)) {
            List<String> lines = new ArrayList<>();
            run(options, (stage, done, total) -> lines.add(stage)).self(writer("self"), false);
            SelfInfluence units = ScoreReader.self(folder.resolve("self"));
            assertArrayEquals(expected.ids(), units.ids());
            assertArrayEquals(expected.scores(), units.scores());
            assertArrayEquals(expected.layer("second"), units.layer("second"));
            for (int last = 1; last <= lines.size(); last++) {
                String out = "self" + options.memoryLimit().isPresent() + last;
                int[] heard = {0};
                int limit = last;
                assertThrows(Ended.class, () -> run(options, (stage, done, total) -> {
                            heard[0]++;
                            if (heard[0] == limit) {
                                throw new Ended();
                            }
                        })
                        .self(writer(out), false));
                int[] rest = {0};
                run(options, (stage, done, total) -> rest[0]++).self(writer(out), true);
                assertEquals(lines.size() - last, rest[0]);
                assertArrayEquals(
                        Files.readAllBytes(folder.resolve("self/self_scores.safetensors")),
                        Files.readAllBytes(folder.resolve(out).resolve("self_scores.safetensors")));
            }
        }
    }

    @Test
    void bestAndWorstOfAllShards() throws IOException {
        ScoreOptions totals = ScoreOptions.defaults().withBatchSize(4);
        InfluenceScores whole = whole(totals);
        pairwise("top", totals, new Result(Optional.empty(), OptionalInt.of(4)), false);
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("top/top_scores.safetensors"))) {
            for (int q = 0; q < EXAMPLES; q++) {
                assertRow(whole.topK(q, 4), file, "helpful", q);
                assertRow(whole.bottomK(q, 4), file, "harmful", q);
            }
        }
        assertThrows(IllegalArgumentException.class, () -> new Result(Optional.empty(), OptionalInt.of(0)));
    }

    /** With parts, of all queries apart or added up; and ended after any unit it gives the same bytes. */
    @Test
    void bestAndWorstHaveTheirParts() throws IOException {
        InfluenceScores whole = whole(PARTS);
        for (ScoreOptions options : List.of(PARTS, NARROW, PARTS.withPerLayer(false))) {
            for (Optional<QueryAggregate> over :
                    List.of(Optional.<QueryAggregate>empty(), Optional.of(QueryAggregate.MEAN))) {
                Result result = new Result(over, OptionalInt.of(3));
                String out = "parts" + options.memoryLimit().isPresent() + options.perLayer() + over.isPresent();
                List<String> lines = new ArrayList<>();
                run(options, (stage, done, total) -> lines.add(stage)).pairwise(queries, result, writer(out), false);
                TopInfluences expected =
                        TopInfluences.of(over.map(whole::overQueries).orElse(whole), 3);
                TopInfluences kept = ScoreReader.top(folder.resolve(out));
                for (int q = 0; q < expected.queryIds().size(); q++) {
                    InfluenceScores all = expected.kept(q);
                    InfluenceScores parts = options.perLayer()
                            ? all
                            : new InfluenceScores(
                                    all.queryIds(),
                                    all.trainIds(),
                                    all.matrix().toArray(),
                                    Map.of(),
                                    tokens(all),
                                    all.provenance());
                    assertSame(parts, kept.kept(q), out);
                }
                endedAndTakenUp(options, result, out, lines.size());
            }
        }
    }

    private static double[][][] tokens(InfluenceScores scores) {
        double[][] row = new double[scores.trainIds().length][];
        Arrays.setAll(row, z -> scores.tokens(0, z));
        return new double[][][] {row};
    }

    private void endedAndTakenUp(ScoreOptions options, Result result, String whole, int lines) throws IOException {
        // the last units are those of the parts
        for (int last = lines; last > 0; last -= 1 + (lines - last) * 3) {
            int limit = last;
            int[] heard = {0};
            String out = whole + last;
            assertThrows(Ended.class, () -> run(options, (stage, done, total) -> {
                        heard[0]++;
                        if (heard[0] == limit) {
                            throw new Ended();
                        }
                    })
                    .pairwise(queries, result, writer(out), false));
            pairwise(out, options, result, true);
            assertSameBytes(folder.resolve(whole), folder.resolve(out));
        }
    }

    private static void assertRow(List<Influence> expected, SafetensorsFile file, String end, int query) {
        long[] ids = new long[expected.size()];
        double[] scores = new double[expected.size()];
        file.read(end + "_ids", (long) query * ids.length, ids.length, ids, 0);
        file.read(end + "_scores", (long) query * ids.length, ids.length, scores, 0);
        for (int k = 0; k < ids.length; k++) {
            assertEquals(expected.get(k), new Influence(ids[k], scores[k]));
        }
    }

    @Test
    void scoresOverAllQueries() throws IOException {
        InfluenceScores whole = whole(PARTS);
        for (QueryAggregate how : QueryAggregate.values()) {
            Result result = new Result(Optional.of(how), OptionalInt.empty());
            pairwise("over" + how, PARTS, result, false);
            InfluenceScores over = ScoreReader.pairwise(folder.resolve("over" + how));
            double factor = how == QueryAggregate.MEAN ? 1.0 / EXAMPLES : 1;
            double[] sums = new double[EXAMPLES];
            double[] seconds = new double[EXAMPLES];
            double[][] second = whole.layer("second").toArray();
            double token = 0;
            for (int q = 0; q < EXAMPLES; q++) {
                double[] row = whole.row(q);
                double[] part = second[q];
                Arrays.setAll(sums, z -> sums[z] + factor * row[z]);
                Arrays.setAll(seconds, z -> seconds[z] + factor * part[z]);
                token += factor * whole.tokens(q, 3)[1];
            }
            assertClose(sums, over.row(0), Tolerances.REORDERED_FLOAT64, "totals");
            assertClose(seconds, over.layer("second").toArray()[0], Tolerances.REORDERED_FLOAT64, "layer");
            assertClose(
                    new double[] {token}, new double[] {over.tokens(0, 3)[1]}, Tolerances.REORDERED_FLOAT64, "token");
            assertArrayEquals(new long[] {-1}, over.queryIds());
        }
        pairwise(
                "best", ScoreOptions.defaults(), new Result(Optional.of(QueryAggregate.SUM), OptionalInt.of(2)), false);
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("best/top_scores.safetensors"))) {
            assertEquals(1, file.tensor("helpful_ids").dimension(0));
        }
    }

    /** A finished run is what its files are, not what its manifest says. */
    @Test
    void aFinishedRunWhoseResultsAreGoneIsNotDone() throws IOException {
        for (ScoreFormat format : ScoreFormat.values()) {
            Path out = folder.resolve("gone" + format);
            ScoreWriter writer = new ScoreWriter(out, format);
            ScoreRun<CapturedExample> run = run(PARTS, ProgressListener.silent());
            run.pairwise(queries, Result.all(), writer, false);
            for (String name : namesIn(out)) {
                if (name.equals("scores.json")) {
                    continue;
                }
                Path file = out.resolve(name);
                byte[] content = Files.readAllBytes(file);
                run.pairwise(queries, Result.all(), writer, true);
                Files.delete(file);
                assertNames(name, () -> run.pairwise(queries, Result.all(), writer, true));
                Files.write(file, Arrays.copyOf(content, content.length / 2));
                assertNames(name, () -> run.pairwise(queries, Result.all(), writer, true));
                content[content.length - 1] ^= 1;
                Files.write(file, content);
                assertNames(name, () -> run.pairwise(queries, Result.all(), writer, true));
                content[content.length - 1] ^= 1;
                Files.write(file, content);
            }
            Files.delete(out.resolve(namesIn(out).iterator().next()));
            // without --resume all is made anew
            run.pairwise(queries, Result.all(), writer, false);
            run.pairwise(queries, Result.all(), writer, true);
        }
    }

    private static void assertNames(String name, Executable work) {
        MalformedFileException e = assertThrows(MalformedFileException.class, work, name);
        assertTrue(e.toString().contains(name), e.toString());
    }

    /** Where captures or factors are, results would be taken for some of them, and replace one of the same name. */
    @Test
    void resultsKeepAwayFromWhatTheyAreMadeOf() throws IOException {
        for (String captured : List.of("train", "queries", "factors")) {
            Set<String> before = namesIn(folder.resolve(captured));
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> pairwise(captured, PARTS, Result.all(), false));
            assertTrue(e.toString().contains(captured), e.toString());
            assertEquals(before, namesIn(folder.resolve(captured)));
        }
        assertThrows(IllegalArgumentException.class, () -> run(PARTS, ProgressListener.silent())
                .self(writer("train"), false));
    }

    /** Defect: a wrong training set was noticed when all queries were preconditioned. */
    @Test
    void anotherObjectiveIsRefusedBeforeTheWork() throws IOException {
        List<String> heard = new ArrayList<>();
        ProgressListener listener = (stage, done, total) -> heard.add(stage);
        try (CaptureSet sampled = CaptureSet.open(folder.resolve("sampled"))) {
            ScoreRun wrong = ScoreRun.of(BACKEND, factors, Damping.DEFAULT, PARTS, sampled, listener);
            assertThrows(
                    MalformedFileException.class, () -> wrong.pairwise(queries, Result.all(), writer("wrong"), false));
            assertThrows(MalformedFileException.class, () -> wrong.self(writer("wrong"), false));
            assertThrows(MalformedFileException.class, () -> run(PARTS, listener)
                    .pairwise(sampled, Result.all(), writer("wrong"), false));
        }
        assertEquals(List.of(), heard);
    }

    @Test
    void otherDataAreRefused() throws IOException {
        pairwise("done", PARTS, Result.all(), false);
        Path shard = folder.resolve("queries/shard-2.safetensors");
        Files.setLastModifiedTime(shard, java.nio.file.attribute.FileTime.fromMillis(1));
        assertThrows(IllegalStateException.class, () -> pairwise("done", PARTS, Result.all(), true));
    }
}
