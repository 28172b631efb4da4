package io.github.influence4j.store.scores;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.NamedCsvRecord;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.Resealing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScoreFilesTest {

    private static final Provenance PROVENANCE = Provenance.here("test", Precision.FLOAT64, Optional.of("m"))
            .withOption("damping", "0.1")
            .withCount("queries", 2)
            .withDuration("scores", Duration.ofMillis(1500));

    @TempDir
    private Path folder;

    private static InfluenceScores pairwise(boolean layers, boolean tokens) {
        Map<String, double[][]> parts = new LinkedHashMap<>();
        double[][] a = {{1, 2, 0.1}, {4, 5, 6}};
        double[][] b = {{0.25, -2, 3}, {1e-300, 1 / 3.0, 7}};
        double[][] total = new double[2][3];
        for (int q = 0; q < 2; q++) {
            for (int z = 0; z < 3; z++) {
                total[q][z] = a[q][z] + b[q][z];
            }
        }
        if (layers) {
            parts.put("h/0,\"mlp\"", a);
            parts.put("../b", b);
        }
        double[][][] perToken = {{{1}, {2, 3}, {4, 5}}, {{6}, {7, 8}, {9, 1 / 3.0}}};
        double[][][] ofLayer = {{{0.5}, {2, 1}, {4, 3}}, {{-6}, {5, 8}, {9, 1 / 7.0}}};
        return new InfluenceScores(
                        new long[] {70, -1},
                        new long[] {5, 3, Long.MAX_VALUE},
                        total,
                        parts,
                        tokens ? perToken : new double[0][][],
                        PROVENANCE)
                // the first layer runs once an example and has no tokens
                .withLayerTokens(layers && tokens ? Map.of("../b", ofLayer) : Map.of());
    }

    private static SelfInfluence self() {
        Map<String, double[]> parts = new LinkedHashMap<>();
        parts.put("a", new double[] {1, 2});
        parts.put("b", new double[] {0.1, 0.2});
        return new SelfInfluence(new long[] {9, 4}, new double[] {1.1, 2.2}, parts, PROVENANCE);
    }

    @Test
    void safetensorsComeBack() throws IOException {
        for (boolean layers : new boolean[] {false, true}) {
            InfluenceScores written = pairwise(layers, layers);
            new ScoreWriter(folder, ScoreFormat.SAFETENSORS).write(written);
            InfluenceScores read = ScoreReader.pairwise(folder);
            assertArrayEquals(written.queryIds(), read.queryIds());
            assertArrayEquals(written.trainIds(), read.trainIds());
            assertArrayEquals(written.matrix().toArray(), read.matrix().toArray());
            assertEquals(written.layers(), read.layers());
            assertEquals(PROVENANCE, read.provenance());
            assertEquals(layers, read.hasTokens());
            if (layers) {
                assertArrayEquals(
                        written.layer("../b").toArray(), read.layer("../b").toArray());
                assertArrayEquals(new double[] {9, 1 / 3.0}, read.tokens(1, 2));
                assertArrayEquals(new double[] {6}, read.tokens(1, 0));
                assertArrayEquals(new double[] {9, 1 / 7.0}, read.tokens("../b", 1, 2));
                assertArrayEquals(new double[] {-6}, read.tokens("../b", 1, 0));
            }
            assertEquals(layers ? List.of("../b") : List.of(), read.tokenLayers());
            assertThrows(MalformedFileException.class, () -> ScoreReader.self(folder));
        }
    }

    @Test
    void selfInfluenceComesBack() throws IOException {
        new ScoreWriter(folder, ScoreFormat.SAFETENSORS).write(self());
        SelfInfluence read = ScoreReader.self(folder);
        assertArrayEquals(self().ids(), read.ids());
        assertArrayEquals(self().scores(), read.scores());
        assertArrayEquals(self().layer("b"), read.layer("b"));
        assertEquals(List.of("a", "b"), read.layers());
        assertThrows(MalformedFileException.class, () -> ScoreReader.pairwise(folder));
    }

    @Test
    void tensorsHaveKronfluencesNames() throws IOException {
        new ScoreWriter(folder, ScoreFormat.SAFETENSORS).write(pairwise(false, false));
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("pairwise_scores.safetensors"))) {
            assertEquals(List.of("all_modules"), List.copyOf(file.names()));
        }
        new ScoreWriter(folder, ScoreFormat.SAFETENSORS).write(pairwise(true, false));
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("pairwise_scores.safetensors"))) {
            assertEquals(List.of("h/0,\"mlp\"", "../b"), List.copyOf(file.names()));
        }
    }

    @Test
    void csvHoldsTheSameNumbers() throws IOException {
        InfluenceScores scores = pairwise(true, true);
        new ScoreWriter(folder, ScoreFormat.CSV).write(scores);
        try (CsvReader<NamedCsvRecord> csv =
                CsvReader.builder().ofNamedCsvRecord(folder.resolve("pairwise_scores.csv"))) {
            List<NamedCsvRecord> lines = csv.stream().toList();
            assertEquals(6, lines.size());
            NamedCsvRecord line = lines.get(4);
            assertEquals("-1", line.getField("query"));
            assertEquals("3", line.getField("train"));
            assertEquals(scores.score(1, 1), Double.parseDouble(line.getField("score")));
            assertEquals(5, Double.parseDouble(line.getField("h/0,\"mlp\"")));
            assertEquals(1 / 3.0, Double.parseDouble(line.getField("../b")));
        }
        List<String> tokens = Files.readAllLines(folder.resolve("per_token_scores.csv"));
        assertEquals("query,train,token,score,../b", tokens.get(0));
        assertEquals("70,5,0,1.0,0.5", tokens.get(1));
        assertEquals(1 + 2 * 5, tokens.size());
        new ScoreWriter(folder, ScoreFormat.CSV).write(self());
        assertEquals(
                List.of("train,score,a,b", "9,1.1,1.0,0.1", "4,2.2,2.0,0.2"),
                Files.readAllLines(folder.resolve("self_scores.csv")));
        assertThrows(MalformedFileException.class, () -> ScoreReader.self(folder));
    }

    /** Defect: a layer's name that begins like a formula was one in a spreadsheet. */
    @Test
    void namesInTablesAreNoFormulas() throws IOException {
        Map<String, double[]> parts = new LinkedHashMap<>();
        for (String name : List.of("=HYPERLINK(x)", "+1", "-1", "@a", "\t=1", "a=b")) {
            parts.put(name, new double[] {1});
        }
        SelfInfluence scores = new SelfInfluence(new long[] {9}, new double[] {1}, parts, PROVENANCE);
        new ScoreWriter(folder, ScoreFormat.CSV).write(scores);
        assertEquals(
                "train,score,'=HYPERLINK(x),'+1,'-1,'@a,\\u0009=1,a=b",
                Files.readAllLines(folder.resolve("self_scores.csv")).get(0));
    }

    /** Defect: its part was read as the sum, and lost. */
    @Test
    void aLayerThatIsNamedAsTheSumIsRefused() {
        for (ScoreFormat format : List.of(ScoreFormat.SAFETENSORS, ScoreFormat.NPY)) {
            SelfInfluence scores = new SelfInfluence(
                    new long[] {9}, new double[] {3}, Map.of("all_modules", new double[] {1}), PROVENANCE);
            String message = String.valueOf(
                    assertThrows(IllegalArgumentException.class, () -> new ScoreWriter(folder, format).write(scores))
                            .getMessage());
            assertTrue(message.contains("all_modules"), message);
        }
    }

    @Test
    void npyHoldsTheSameNumbers() throws IOException {
        InfluenceScores scores = pairwise(true, true);
        new ScoreWriter(folder, ScoreFormat.NPY).write(scores);
        ByteBuffer part = npy("pairwise_scores.1.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3,), }");
        assertEquals(0.25, part.getDouble());
        assertEquals(5 * 8, part.remaining());
        assertEquals(7, part.getDouble(part.limit() - 8));
        ByteBuffer ids = npy("train_ids.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }");
        assertEquals(Long.MAX_VALUE, ids.getLong(ids.limit() - 8));
        ByteBuffer tokens =
                npy("per_token_scores.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 2,), }");
        assertEquals(1, tokens.getDouble());
        assertEquals(0, tokens.getDouble());
        ByteBuffer both =
                npy("per_token_scores.1.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 2,), }");
        assertEquals(0.5, both.getDouble());
        assertEquals(1 / 7.0, both.getDouble(both.limit() - 8));
        new ScoreWriter(folder, ScoreFormat.NPY).write(self());
        assertEquals(
                16,
                npy("self_scores.0.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }")
                        .remaining());
        new ScoreWriter(folder, ScoreFormat.NPY).write(pairwise(false, false));
        npy("pairwise_scores.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3,), }");
    }

    /** Returns the numbers behind the header. */
    private ByteBuffer npy(String name, String header) throws IOException {
        ByteBuffer bytes =
                ByteBuffer.wrap(Files.readAllBytes(folder.resolve(name))).order(ByteOrder.LITTLE_ENDIAN);
        assertEquals("\u0093NUMPY\u0001\u0000", new String(bytes.array(), 0, 8, StandardCharsets.ISO_8859_1));
        int length = bytes.getShort(8);
        assertEquals(0, (10 + length) % 64);
        String text = new String(bytes.array(), 10, length, StandardCharsets.US_ASCII);
        assertTrue(text.endsWith("\n"));
        assertEquals(header, text.strip());
        return bytes.position(10 + length);
    }

    @Test
    void topScores() throws IOException {
        TopInfluences top = new TopInfluences(
                List.of(3L),
                List.of(List.of(new Influence(7, 2.5), new Influence(8, 1))),
                List.of(List.of(new Influence(1, -1), new Influence(2, 0))),
                PROVENANCE);
        new ScoreWriter(folder, ScoreFormat.CSV).write(top);
        assertEquals(
                List.of(
                        "query,end,rank,train,score",
                        "3,helpful,1,7,2.5",
                        "3,helpful,2,8,1.0",
                        "3,harmful,1,1,-1.0",
                        "3,harmful,2,2,0.0"),
                Files.readAllLines(folder.resolve("top_scores.csv")));
        new ScoreWriter(folder, ScoreFormat.SAFETENSORS).write(top);
        try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("top_scores.safetensors"))) {
            long[] ids = new long[2];
            file.read("harmful_ids", 0, 2, ids, 0);
            assertArrayEquals(new long[] {1, 2}, ids);
            assertArrayEquals(
                    new double[][] {{2.5, 1}}, file.matrix("helpful_scores").toArray());
        }
        new ScoreWriter(folder, ScoreFormat.NPY).write(top);
        assertEquals(
                8,
                npy("helpful_ids.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (1, 2,), }")
                                .getLong()
                        + 1);
    }

    @Test
    void topScoresWithParts() throws IOException {
        TopInfluences top = TopInfluences.of(pairwise(true, true), 2);
        new ScoreWriter(folder, ScoreFormat.SAFETENSORS).write(top);
        assertTrue(ScoreReader.isTop(folder));
        TopInfluences read = ScoreReader.top(folder);
        assertEquals(top.helpful(), read.helpful());
        assertEquals(top.harmful(), read.harmful());
        for (int q = 0; q < 2; q++) {
            InfluenceScores kept = read.kept(q);
            assertArrayEquals(top.kept(q).trainIds(), kept.trainIds());
            assertEquals(List.of("h/0,\"mlp\"", "../b"), kept.layers());
            for (String layer : kept.layers()) {
                assertArrayEquals(
                        top.kept(q).layer(layer).toArray(), kept.layer(layer).toArray());
            }
            for (int z = 0; z < 3; z++) {
                assertArrayEquals(top.kept(q).tokens(0, z), kept.tokens(0, z));
                assertArrayEquals(top.kept(q).tokens("../b", 0, z), kept.tokens("../b", 0, z));
            }
        }
        assertThrows(MalformedFileException.class, () -> ScoreReader.pairwise(folder));
        new ScoreWriter(folder, ScoreFormat.CSV).write(top);
        assertEquals(
                List.of(
                        "query,end,rank,train,score,\"h/0,\"\"mlp\"\"\",../b",
                        "70,helpful,1," + Long.MAX_VALUE + ",3.1,0.1,3.0",
                        "70,helpful,2,5,1.25,1.0,0.25"),
                Files.readAllLines(folder.resolve("top_scores.csv")).subList(0, 3));
        assertEquals(
                List.of(
                        "query,end,rank,train,token,score,../b",
                        "70,helpful,1," + Long.MAX_VALUE + ",0,4.0,4.0",
                        "70,helpful,1," + Long.MAX_VALUE + ",1,5.0,3.0",
                        "70,helpful,2,5,0,1.0,0.5"),
                Files.readAllLines(folder.resolve("top_token_scores.csv")).subList(0, 4));
        new ScoreWriter(folder, ScoreFormat.NPY).write(top);
        ByteBuffer layer = npy("helpful_scores.1.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2,), }");
        assertEquals(3, layer.getDouble());
        ByteBuffer tokens =
                npy("helpful_token_scores.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, 2,), }");
        assertEquals(
                List.of(4.0, 5.0, 1.0, 0.0),
                List.of(tokens.getDouble(), tokens.getDouble(), tokens.getDouble(), tokens.getDouble()));
        ByteBuffer both =
                npy("helpful_token_scores.1.npy", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, 2,), }");
        assertEquals(List.of(4.0, 3.0, 0.5), List.of(both.getDouble(), both.getDouble(), both.getDouble()));
        assertEquals(
                2,
                npy("helpful_tokens.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 2,), }")
                        .getLong());
        new ScoreWriter(folder, ScoreFormat.CSV).write(self());
        assertEquals(Set.of("self_scores.csv", "scores.json"), names());
    }

    /** Whatever kind and format was there: only the files of the new set are left, and what is not of scores at all. */
    @Test
    void filesOfAnOlderSetAreRemoved() throws IOException {
        Files.writeString(folder.resolve("notes.txt"), "mine");
        new ScoreWriter(folder, ScoreFormat.NPY).write(pairwise(true, true));
        assertTrue(Files.exists(folder.resolve("pairwise_scores.1.npy")));
        new ScoreWriter(folder, ScoreFormat.NPY).write(pairwise(false, false));
        assertEquals(
                Set.of("notes.txt", "pairwise_scores.npy", "query_ids.npy", "train_ids.npy", "scores.json"), names());
        new ScoreWriter(folder, ScoreFormat.CSV).write(pairwise(false, true));
        assertEquals(Set.of("notes.txt", "pairwise_scores.csv", "per_token_scores.csv", "scores.json"), names());
        new ScoreWriter(folder, ScoreFormat.SAFETENSORS).write(self());
        assertEquals(Set.of("notes.txt", "self_scores.safetensors", "ids.safetensors", "scores.json"), names());
    }

    /** A manifest that lists other people's files does not make the writer remove them. */
    @Test
    void onlyFilesOfScoresAreRemoved() throws IOException {
        new ScoreWriter(folder, ScoreFormat.CSV).write(self());
        Files.writeString(folder.resolve("model.safetensors"), "mine");
        Path manifest = folder.resolve("scores.json");
        Resealing.edit(manifest, text -> text.replace("self_scores.csv", "model.safetensors"));
        new ScoreWriter(folder, ScoreFormat.NPY).write(self());
        assertTrue(Files.exists(folder.resolve("model.safetensors")));
        Files.writeString(manifest, "{");
        new ScoreWriter(folder, ScoreFormat.CSV).write(self());
        assertTrue(Files.exists(folder.resolve("self_scores.csv")));
    }

    private Set<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.equals(".lock"))
                    .collect(Collectors.toSet());
        }
    }

    @Test
    void aChangedFileIsRefused() throws IOException {
        new ScoreWriter(folder, ScoreFormat.SAFETENSORS).write(pairwise(false, false));
        Path file = folder.resolve("pairwise_scores.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThrows(MalformedFileException.class, () -> ScoreReader.pairwise(folder));
        Files.delete(folder.resolve("scores.json"));
        assertThrows(MalformedFileException.class, () -> ScoreReader.pairwise(folder));
    }

    @Test
    void writersAreKeptApart() throws IOException {
        ScoreWriter writer = new ScoreWriter(folder, ScoreFormat.CSV);
        try (FolderLock lock = FolderLock.acquire(folder)) {
            lock.requireHeld();
            assertThrows(IllegalStateException.class, () -> writer.write(self()));
        }
        writer.write(self());
    }
}
