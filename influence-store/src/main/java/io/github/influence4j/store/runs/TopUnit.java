package io.github.influence4j.store.runs;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The best and worst of one shard for the queries of one pass, in a file of their own, in float64. */
final class TopUnit {

    private static final String QUERIES = "query_ids";
    private static final String IDS = "_ids";
    private static final String SCORES = "_scores";

    private TopUnit() {}

    private static Map<String, List<List<Influence>>> ends(TopInfluences top) {
        Map<String, List<List<Influence>>> ends = new LinkedHashMap<>();
        ends.put("helpful", top.helpful());
        ends.put("harmful", top.harmful());
        return ends;
    }

    static void write(Progress kept, String series, TopInfluences top) throws IOException {
        long queries = top.queryIds().size();
        // a shard gives every query as many, and at least one
        long k = top.helpful().get(0).size();
        List<TensorSpec> specs = new ArrayList<>();
        specs.add(TensorSpec.of(QUERIES, TensorType.I64, queries));
        ends(top).keySet().forEach(end -> {
            specs.add(TensorSpec.of(end + IDS, TensorType.I64, queries, k));
            specs.add(TensorSpec.of(end + SCORES, TensorType.F64, queries, k));
        });
        kept.finish(series, 1, specs, ScoreUnit.noted(top.provenance()), file -> {
            long[] ids = top.queryIds().stream().mapToLong(Long::longValue).toArray();
            file.append(QUERIES, ids, 0, ids.length);
            for (Map.Entry<String, List<List<Influence>>> end : ends(top).entrySet()) {
                for (List<Influence> row : end.getValue()) {
                    long[] trainIds = row.stream().mapToLong(Influence::trainId).toArray();
                    double[] scores = row.stream().mapToDouble(Influence::score).toArray();
                    file.append(end.getKey() + IDS, trainIds, 0, trainIds.length);
                    file.append(end.getKey() + SCORES, scores, 0, scores.length);
                }
            }
        });
    }

    /** Reads what {@link #write} wrote, with what it noted added to a provenance. */
    static TopInfluences read(Progress kept, String series, Provenance provenance) throws IOException {
        try (SafetensorsFile file = kept.open(series)) {
            long[] queries = ScoreUnit.integers(file, QUERIES);
            List<Long> queryIds = new ArrayList<>();
            for (long id : queries) {
                queryIds.add(id);
            }
            return new TopInfluences(
                    queryIds,
                    rows(file, "helpful", queries.length),
                    rows(file, "harmful", queries.length),
                    ScoreUnit.withNoted(provenance, file));
        }
    }

    private static List<List<Influence>> rows(SafetensorsFile file, String end, int queries) {
        long[] ids = ScoreUnit.integers(file, end + IDS);
        double[] scores = new double[ids.length];
        file.read(end + SCORES, 0, scores.length, scores, 0);
        int k = ids.length / queries;
        List<List<Influence>> rows = new ArrayList<>();
        for (int q = 0; q < queries; q++) {
            List<Influence> row = new ArrayList<>();
            for (int rank = q * k; rank < (q + 1) * k; rank++) {
                row.add(new Influence(ids[rank], scores[rank]));
            }
            rows.add(row);
        }
        return rows;
    }
}
