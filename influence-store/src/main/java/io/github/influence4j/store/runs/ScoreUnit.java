package io.github.influence4j.store.runs;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The scores of one shard for the queries of one pass, in a file of their own, in float64. */
final class ScoreUnit {

    /** What the units' provenance knows, and the run's does not. */
    static final String RANK = "rank";

    static final String CUT = "largest relative error of a cut query";

    private static final String QUERIES = "query_ids";
    private static final String TRAIN = "train_ids";
    private static final String TOTAL = "total";
    private static final String TOKENS = "tokens";
    private static final String TOKEN_COUNTS = "token_counts";

    /** Layers may be called anything, so theirs begin alike. */
    private static final String LAYER = "layer/";

    private static final String LAYER_TOKENS = "layer_tokens/";

    private ScoreUnit() {}

    static void write(Progress kept, String series, InfluenceScores scores) throws IOException {
        int queries = scores.queryIds().length;
        int train = scores.trainIds().length;
        Map<String, Matrix> matrices = new LinkedHashMap<>();
        matrices.put(TOTAL, scores.matrix());
        scores.layers().forEach(layer -> matrices.put(LAYER + layer, scores.layer(layer)));
        if (scores.hasTokens()) {
            matrices.put(TOKENS, tokens(scores, scores::tokens));
        }
        scores.tokenLayers()
                .forEach(layer ->
                        matrices.put(LAYER_TOKENS + layer, tokens(scores, (q, z) -> scores.tokens(layer, q, z))));
        List<TensorSpec> specs = new ArrayList<>();
        specs.add(TensorSpec.of(QUERIES, TensorType.I64, queries));
        specs.add(TensorSpec.of(TRAIN, TensorType.I64, train));
        matrices.forEach(
                (name, matrix) -> specs.add(TensorSpec.of(name, TensorType.F64, matrix.rows(), matrix.columns())));
        if (scores.hasTokens()) {
            specs.add(TensorSpec.of(TOKEN_COUNTS, TensorType.I64, train));
        }
        kept.finish(series, 1, specs, noted(scores.provenance()), file -> {
            write(file, QUERIES, scores.queryIds());
            write(file, TRAIN, scores.trainIds());
            for (Map.Entry<String, Matrix> matrix : matrices.entrySet()) {
                file.append(matrix.getKey(), matrix.getValue());
            }
            if (scores.hasTokens()) {
                write(file, TOKEN_COUNTS, counts(scores));
            }
        });
    }

    /** What a unit keeps of its provenance. */
    static Map<String, String> noted(Provenance provenance) {
        Map<String, String> noted = new LinkedHashMap<>(provenance.options());
        noted.keySet().retainAll(List.of(RANK, CUT));
        return noted;
    }

    /** Adds what a unit noted to a provenance. */
    static Provenance withNoted(Provenance provenance, SafetensorsFile file) {
        Provenance full = provenance;
        for (Map.Entry<String, String> option : file.metadata().entrySet()) {
            full = full.withOption(option.getKey(), option.getValue());
        }
        return full;
    }

    private static void write(SafetensorsWriter file, String name, long[] values) throws IOException {
        file.append(name, values, 0, values.length);
    }

    /** Gives the parts of the tokens of an example. */
    private interface Tokens {
        double[] of(int query, int train);
    }

    /** The tokens of all examples one after the other, a row for each query. */
    private static Matrix tokens(InfluenceScores scores, Tokens parts) {
        double[][] rows = new double[scores.queryIds().length][];
        Arrays.setAll(rows, q -> {
            double[] row = new double[(int) Arrays.stream(counts(scores)).sum()];
            int done = 0;
            for (int z = 0; z < scores.trainIds().length; z++) {
                double[] tokens = parts.of(q, z);
                System.arraycopy(tokens, 0, row, done, tokens.length);
                done += tokens.length;
            }
            return row;
        });
        return Matrix.of(rows);
    }

    private static long[] counts(InfluenceScores scores) {
        long[] counts = new long[scores.trainIds().length];
        Arrays.setAll(counts, z -> scores.tokens(0, z).length);
        return counts;
    }

    /** Reads what {@link #write} wrote, with what it noted added to a provenance. */
    static InfluenceScores read(Progress kept, String series, Provenance provenance) throws IOException {
        try (SafetensorsFile file = kept.open(series)) {
            long[] queries = integers(file, QUERIES);
            long[] train = integers(file, TRAIN);
            long[] counts = file.find(TOKENS).isPresent() ? integers(file, TOKEN_COUNTS) : new long[0];
            Map<String, double[][]> layers = new LinkedHashMap<>();
            Map<String, double[][][]> both = new LinkedHashMap<>();
            for (String name : file.names()) {
                if (name.startsWith(LAYER)) {
                    layers.put(name.substring(LAYER.length()), file.matrix(name).toArray());
                } else if (name.startsWith(LAYER_TOKENS)) {
                    both.put(
                            name.substring(LAYER_TOKENS.length()),
                            split(file.matrix(name).toArray(), counts));
                }
            }
            double[][][] tokens =
                    file.find(TOKENS).isPresent() ? split(file.matrix(TOKENS).toArray(), counts) : new double[0][][];
            return new InfluenceScores(
                            queries, train, file.matrix(TOTAL).toArray(), layers, tokens, withNoted(provenance, file))
                    .withLayerTokens(both);
        }
    }

    static long[] integers(SafetensorsFile file, String name) {
        long[] values = new long[(int) file.tensor(name).elements()];
        file.read(name, 0, values.length, values, 0);
        return values;
    }

    private static double[][][] split(double[][] rows, long[] counts) {
        double[][][] tokens = new double[rows.length][counts.length][];
        for (int q = 0; q < rows.length; q++) {
            int done = 0;
            for (int z = 0; z < counts.length; z++) {
                tokens[q][z] = Arrays.copyOfRange(rows[q], done, done + (int) counts[z]);
                done += (int) counts[z];
            }
        }
        return tokens;
    }
}
