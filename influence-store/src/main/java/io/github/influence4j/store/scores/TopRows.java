package io.github.influence4j.store.scores;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Reads the best and worst of each query from the tensors that {@link SafetensorsScores} writes. */
final class TopRows {

    private static final List<String> ENDS = List.of("helpful", "harmful");

    private final int queries;
    private final int k;
    private final TopInfluences totals;
    private final Map<String, List<Map<Long, Double>>> layers = new LinkedHashMap<>();
    private final List<Map<Long, double[]>> tokens = new ArrayList<>();
    private final Map<String, List<Map<Long, double[]>>> layerTokens = new LinkedHashMap<>();

    TopRows(long[] queryIds, SafetensorsFile file, Provenance provenance) {
        queries = queryIds.length;
        k = (int) Math.min(Integer.MAX_VALUE, file.tensor("helpful_ids").dimension(1));
        List<List<List<Influence>>> ends = new ArrayList<>();
        for (String end : ENDS) {
            ScoreReader.requireShape(file, end + "_scores", queries, k);
            long[] ids = integers(file, end + "_ids");
            double[] scores = new double[ids.length];
            file.read(end + "_scores", 0, scores.length, scores, 0);
            List<List<Influence>> rows = new ArrayList<>();
            for (int q = 0; q < queries; q++) {
                List<Influence> row = new ArrayList<>();
                for (int rank = q * k; rank < (q + 1) * k; rank++) {
                    row.add(new Influence(ids[rank], scores[rank]));
                }
                rows.add(row);
            }
            ends.add(rows);
        }
        totals = new TopInfluences(LongStream.of(queryIds).boxed().toList(), ends.get(0), ends.get(1), provenance);
    }

    private long[] integers(SafetensorsFile file, String name) {
        ScoreReader.requireShape(file, name, queries, k);
        long[] values = new long[queries * k];
        file.read(name, 0, values.length, values, 0);
        return values;
    }

    private List<List<Influence>> rows(String end) {
        return end.equals(ENDS.get(0)) ? totals.helpful() : totals.harmful();
    }

    void addLayers(SafetensorsFile file) {
        String first = ENDS.get(0) + "/";
        for (String name : file.names()) {
            if (name.startsWith(first)) {
                String layer = name.substring(first.length());
                layers.put(layer, empty(queries));
                ENDS.forEach(end -> addLayer(file, layer, end));
            }
        }
    }

    private void addLayer(SafetensorsFile file, String layer, String end) {
        String name = end + "/" + layer;
        ScoreReader.requireShape(file, name, queries, k);
        double[] parts = new double[queries * k];
        file.read(name, 0, parts.length, parts, 0);
        for (int q = 0; q < queries; q++) {
            Map<Long, Double> byExample = layers.getOrDefault(layer, List.of()).get(q);
            for (int rank = 0; rank < k; rank++) {
                byExample.put(rows(end).get(q).get(rank).trainId(), parts[q * k + rank]);
            }
        }
    }

    void addTokens(SafetensorsFile file) {
        tokens.addAll(empty(queries));
        for (String end : ENDS) {
            addTokens(file, end + "_token_scores", end, integers(file, end + "_tokens"), tokens);
        }
    }

    /** Adds the parts of tokens through each layer; how many tokens an example has stands in the file of their sums. */
    void addLayerTokens(SafetensorsFile file, SafetensorsFile sums) {
        String first = ENDS.get(0) + "/";
        for (String name : file.names()) {
            if (name.startsWith(first)) {
                String layer = name.substring(first.length());
                List<Map<Long, double[]>> parts = empty(queries);
                for (String end : ENDS) {
                    addTokens(file, end + "/" + layer, end, integers(sums, end + "_tokens"), parts);
                }
                layerTokens.put(layer, parts);
            }
        }
    }

    private void addTokens(
            SafetensorsFile file, String name, String end, long[] counts, List<Map<Long, double[]>> byQuery) {
        long most = file.tensor(name).dimension(2);
        ScoreReader.requireShape(file, name, queries, k, most);
        for (int place = 0; place < counts.length; place++) {
            if (counts[place] < 0 || counts[place] > most) {
                throw new MalformedFileException(file.path(), "an example has " + counts[place] + " tokens");
            }
            double[] parts = new double[(int) counts[place]];
            file.read(name, place * most, parts.length, parts, 0);
            byQuery.get(place / k).put(rows(end).get(place / k).get(place % k).trainId(), parts);
        }
    }

    private static <T> List<Map<Long, T>> empty(int queries) {
        List<Map<Long, T>> rows = new ArrayList<>();
        for (int q = 0; q < queries; q++) {
            rows.add(new HashMap<>());
        }
        return rows;
    }

    TopInfluences finish() {
        if (layers.isEmpty() && tokens.isEmpty()) {
            return totals;
        }
        List<InfluenceScores> parts = new ArrayList<>();
        for (int q = 0; q < queries; q++) {
            int query = q;
            InfluenceScores kept = totals.kept(q);
            long[] ids = kept.trainIds();
            Map<String, double[][]> byLayer = new LinkedHashMap<>();
            layers.forEach((layer, rows) -> byLayer.put(layer, new double[][] {
                LongStream.of(ids)
                        .mapToObj(rows.get(query)::get)
                        .mapToDouble(Double::doubleValue)
                        .toArray()
            }));
            double[][][] byToken = tokens.isEmpty() ? new double[0][][] : row(ids, tokens.get(q));
            Map<String, double[][][]> both = new LinkedHashMap<>();
            layerTokens.forEach((layer, rows) -> both.put(layer, row(ids, rows.get(query))));
            parts.add(new InfluenceScores(
                            kept.queryIds(), ids, new double[][] {kept.row(0)}, byLayer, byToken, kept.provenance())
                    .withLayerTokens(both));
        }
        return totals.withParts(parts);
    }

    private static double[][][] row(long[] ids, Map<Long, double[]> byExample) {
        return new double[][][] {LongStream.of(ids).mapToObj(byExample::get).toArray(double[][]::new)};
    }
}
