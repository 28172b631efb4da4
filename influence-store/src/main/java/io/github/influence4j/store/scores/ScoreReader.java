package io.github.influence4j.store.scores;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.store.Checksum;
import io.github.influence4j.store.json.ProvenanceJson;
import io.github.influence4j.store.json.SealedJson;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Reads scores that {@link ScoreWriter} wrote as safetensors, and checks their checksums. */
public final class ScoreReader {

    static final String FORMAT = "influence-scores";

    static final int VERSION = 1;

    private final ShardFolder folder;
    private final StrictJson manifest;
    private final Map<String, Checksum> checksums;
    private final Provenance provenance;

    private ScoreReader(Path folder) throws IOException {
        this.folder = new ShardFolder(folder);
        this.manifest = SealedJson.read(this.folder.resolve(ScoreTensors.MANIFEST), "the manifest");
        require("format", FORMAT);
        if (manifest.integer("version") != VERSION) {
            throw manifest.malformed("version", VERSION + ", the version this library reads");
        }
        this.checksums = Checksum.parse(manifest.object("files"));
        this.provenance = ProvenanceJson.read(manifest.object("provenance"));
    }

    private static ScoreReader open(Path folder, String kind) throws IOException {
        ScoreReader reader = new ScoreReader(folder);
        reader.require("kind", kind);
        reader.require("written_as", "safetensors");
        return reader;
    }

    /**
     * Says whether a folder holds scores of any kind.
     *
     * @param folder the folder
     * @return whether their manifest is there
     */
    public static boolean exists(Path folder) {
        return Files.exists(folder.resolve(ScoreTensors.MANIFEST));
    }

    /**
     * Says whether a folder holds scores in another format than safetensors.
     *
     * @param folder the folder
     * @return whether their manifest says so
     * @throws IOException if the manifest cannot be read
     */
    public static boolean isTables(Path folder) throws IOException {
        return exists(folder)
                && !new ScoreReader(folder).manifest.text("written_as").equals("safetensors");
    }

    /**
     * Says whether a folder holds all scores of some queries, as {@link #pairwise} reads them.
     *
     * @param folder the folder
     * @return whether their manifest says so
     * @throws IOException if the manifest cannot be read
     */
    public static boolean holdsPairwise(Path folder) throws IOException {
        return holds(folder, "pairwise");
    }

    /**
     * Says whether a folder holds the influence of examples on themselves, as {@link #self} reads it.
     *
     * @param folder the folder
     * @return whether their manifest says so
     * @throws IOException if the manifest cannot be read
     */
    public static boolean holdsSelf(Path folder) throws IOException {
        return holds(folder, "self");
    }

    private static boolean holds(Path folder, String kind) throws IOException {
        return exists(folder)
                && !isTables(folder)
                && new ScoreReader(folder).manifest.text("kind").equals(kind);
    }

    /** The files of the scores that a folder holds; none where it has no manifest, or one that cannot be read. */
    static Set<String> files(Path folder) throws IOException {
        if (!exists(folder)) {
            return Set.of();
        }
        try {
            Set<String> files = new TreeSet<>(new ScoreReader(folder).checksums.keySet());
            files.removeIf(name -> !ScoreTensors.FILE.matcher(name).matches());
            return files;
        } catch (MalformedFileException e) {
            // nobody can read those scores any more, and the new ones replace the manifest
            return Set.of();
        }
    }

    /**
     * Reads how scores of any kind and format were made.
     *
     * @param folder where they were written to
     * @return the provenance
     * @throws IOException if the manifest cannot be read
     * @throws MalformedFileException if it is not one
     */
    public static Provenance provenance(Path folder) throws IOException {
        return new ScoreReader(folder).provenance;
    }

    /**
     * Checks that the files of scores of any kind and format are there and whole.
     *
     * @param folder where they were written to
     * @throws IOException if the manifest or a file cannot be read
     * @throws MalformedFileException if a file is missing or not the one that was written
     */
    public static void requireComplete(Path folder) throws IOException {
        ScoreReader reader = new ScoreReader(folder);
        for (Map.Entry<String, Checksum> file : reader.checksums.entrySet()) {
            Path path = reader.folder.resolve(file.getKey());
            if (!file.getValue().matches(path)) {
                throw new MalformedFileException(
                        path, "is missing or not the file that was written; score again to make it anew");
            }
        }
    }

    private void require(String key, String expected) {
        if (!manifest.text(key).equals(expected)) {
            throw manifest.malformed(key, expected);
        }
    }

    /**
     * Reads pairwise scores.
     *
     * @param folder where they were written to
     * @return the scores; totals are the sums of the layers' parts where those were kept
     * @throws IOException if they cannot be read
     * @throws MalformedFileException if they are not pairwise scores, written as safetensors
     */
    public static InfluenceScores pairwise(Path folder) throws IOException {
        ScoreReader reader = open(folder, "pairwise");
        try (SafetensorsFile ids = reader.open(ScoreTensors.IDS);
                SafetensorsFile file = reader.open(ScoreTensors.PAIRWISE)) {
            long[] queries = integers(ids, "query_ids");
            long[] train = integers(ids, "train_ids");
            requireShapes(file, queries.length, train.length);
            double[][] total = new double[queries.length][train.length];
            Map<String, double[][]> parts = new LinkedHashMap<>();
            for (String name : file.names()) {
                double[][] part = file.matrix(name).toArray();
                for (int q = 0; q < queries.length; q++) {
                    double[] row = part[q];
                    double[] sums = total[q];
                    Arrays.setAll(sums, z -> sums[z] + row[z]);
                }
                if (!name.equals(ScoreTensors.ALL)) {
                    parts.put(name, part);
                }
            }
            double[][][] tokens = ids.find("train_tokens").isPresent()
                    ? reader.tokens(queries.length, integers(ids, "train_tokens"))
                    : new double[0][][];
            return new InfluenceScores(queries, train, total, parts, tokens, reader.provenance)
                    .withLayerTokens(
                            reader.lists(ScoreTensors.LAYER_TOKENS)
                                    ? reader.layerTokens(queries.length, integers(ids, "train_tokens"))
                                    : Map.of());
        }
    }

    /**
     * Says whether a folder holds the best and worst of each query only.
     *
     * @param folder where scores were written to
     * @return whether they are of that kind
     * @throws IOException if the manifest cannot be read
     */
    public static boolean isTop(Path folder) throws IOException {
        return new ScoreReader(folder).manifest.text("kind").equals("top");
    }

    /**
     * Reads the best and worst training examples of each query.
     *
     * @param folder where they were written to
     * @return the scores, with the parts that were kept
     * @throws IOException if they cannot be read
     * @throws MalformedFileException if they are not best and worst, written as safetensors
     */
    public static TopInfluences top(Path folder) throws IOException {
        ScoreReader reader = open(folder, "top");
        try (SafetensorsFile ids = reader.open(ScoreTensors.IDS);
                SafetensorsFile file = reader.open(ScoreTensors.TOP)) {
            TopRows rows = new TopRows(integers(ids, "query_ids"), file, reader.provenance);
            if (reader.lists(ScoreTensors.TOP_LAYERS)) {
                try (SafetensorsFile layers = reader.open(ScoreTensors.TOP_LAYERS)) {
                    rows.addLayers(layers);
                }
            }
            if (reader.lists(ScoreTensors.TOP_TOKENS)) {
                try (SafetensorsFile tokens = reader.open(ScoreTensors.TOP_TOKENS)) {
                    rows.addTokens(tokens);
                    if (reader.lists(ScoreTensors.TOP_LAYER_TOKENS)) {
                        try (SafetensorsFile both = reader.open(ScoreTensors.TOP_LAYER_TOKENS)) {
                            rows.addLayerTokens(both, tokens);
                        }
                    }
                }
            }
            return rows.finish();
        }
    }

    private boolean lists(String name) {
        return checksums.containsKey(name + ShardFolder.SUFFIX);
    }

    private double[][][] tokens(int queries, long[] lengths) throws IOException {
        try (SafetensorsFile file = open(ScoreTensors.PER_TOKEN)) {
            return tokens(file, ScoreTensors.ALL, queries, lengths);
        }
    }

    private Map<String, double[][][]> layerTokens(int queries, long[] lengths) throws IOException {
        try (SafetensorsFile file = open(ScoreTensors.LAYER_TOKENS)) {
            Map<String, double[][][]> parts = new LinkedHashMap<>();
            for (String layer : file.names()) {
                parts.put(layer, tokens(file, layer, queries, lengths));
            }
            return parts;
        }
    }

    private static double[][][] tokens(SafetensorsFile file, String name, int queries, long[] lengths) {
        int most =
                (int) Math.min(Integer.MAX_VALUE, Arrays.stream(lengths).max().orElse(0));
        requireShape(file, name, queries, lengths.length, Math.max(0, most));
        double[][][] tokens = new double[queries][lengths.length][];
        for (int q = 0; q < queries; q++) {
            for (int z = 0; z < lengths.length; z++) {
                if (lengths[z] < 0 || lengths[z] > most) {
                    throw new MalformedFileException(file.path(), "an example has " + lengths[z] + " tokens");
                }
                tokens[q][z] = new double[(int) lengths[z]];
                long first = ((long) q * lengths.length + z) * most;
                file.read(name, first, tokens[q][z].length, tokens[q][z], 0);
            }
        }
        return tokens;
    }

    /**
     * Reads the influence of examples on themselves.
     *
     * @param folder where it was written to
     * @return the scores; totals are the sums of the layers' parts where those were kept
     * @throws IOException if they cannot be read
     * @throws MalformedFileException if they are not self-influences, written as safetensors
     */
    public static SelfInfluence self(Path folder) throws IOException {
        ScoreReader reader = open(folder, "self");
        try (SafetensorsFile ids = reader.open(ScoreTensors.IDS);
                SafetensorsFile file = reader.open(ScoreTensors.SELF)) {
            long[] train = integers(ids, "train_ids");
            requireShapes(file, train.length);
            double[] total = new double[train.length];
            Map<String, double[]> parts = new LinkedHashMap<>();
            for (String name : file.names()) {
                double[] part = new double[train.length];
                file.read(name, 0, part.length, part, 0);
                Arrays.setAll(total, z -> total[z] + part[z]);
                if (!name.equals(ScoreTensors.ALL)) {
                    parts.put(name, part);
                }
            }
            return new SelfInfluence(train, total, parts, reader.provenance);
        }
    }

    private SafetensorsFile open(String name) throws IOException {
        String fileName = name + ShardFolder.SUFFIX;
        Checksum expected = checksums.get(fileName);
        if (expected == null) {
            throw new MalformedFileException(folder.resolve(ScoreTensors.MANIFEST), "does not list " + fileName);
        }
        SafetensorsFile file = folder.open(fileName);
        try {
            expected.verify(file);
            return file;
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private static long[] integers(SafetensorsFile file, String name) {
        TensorSpec spec = file.tensor(name);
        if (spec.rank() != 1 || spec.dimension(0) > Integer.MAX_VALUE - 8) {
            throw new MalformedFileException(file.path(), name + " must be a vector, found " + spec.describe());
        }
        long[] values = new long[(int) spec.dimension(0)];
        file.read(name, 0, values.length, values, 0);
        return values;
    }

    /** Before memory is taken for what ids promise. */
    private static void requireShapes(SafetensorsFile file, long... shape) {
        if (file.names().isEmpty()) {
            throw new MalformedFileException(file.path(), "holds no scores");
        }
        file.names().forEach(name -> requireShape(file, name, shape));
    }

    static void requireShape(SafetensorsFile file, String name, long... shape) {
        TensorSpec found = file.tensor(name);
        TensorSpec expected = TensorSpec.of(name, found.type(), shape);
        if (!found.equals(expected)) {
            throw new MalformedFileException(
                    file.path(), name + " must be " + expected.describe() + ", found " + found.describe());
        }
    }
}
