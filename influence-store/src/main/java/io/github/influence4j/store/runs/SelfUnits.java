package io.github.influence4j.store.runs;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The self-influence of each shard's examples at the layers of a group, in a file of their own, in float64. */
final class SelfUnits {

    private static final String IDS = "train_ids";

    /** Layers may be called anything, so theirs begin alike. */
    private static final String LAYER = "layer/";

    private final Progress kept;

    SelfUnits(Progress kept) {
        this.kept = kept;
    }

    private static String series(int group, int shard) {
        return "self-" + group + "-" + shard;
    }

    boolean has(int group, int shard) {
        return kept.find(series(group, shard)).isPresent();
    }

    void write(int group, int shard, SelfInfluence scores) throws IOException {
        long[] ids = scores.ids();
        List<TensorSpec> specs = new ArrayList<>();
        specs.add(TensorSpec.of(IDS, TensorType.I64, ids.length));
        scores.layers().forEach(layer -> specs.add(TensorSpec.of(LAYER + layer, TensorType.F64, ids.length)));
        kept.finish(series(group, shard), 1, specs, file -> {
            file.append(IDS, ids, 0, ids.length);
            for (String layer : scores.layers()) {
                file.append(LAYER + layer, scores.layer(layer), 0, ids.length);
            }
        });
    }

    /** Puts the shards one behind the other. */
    SelfInfluence sum(int shards, int examples, ScoreGroups groups, Provenance provenance) throws IOException {
        long[] ids = new long[examples];
        Map<String, double[]> parts = new LinkedHashMap<>();
        for (LayerSpec layer : groups.layers()) {
            parts.put(layer.name(), new double[examples]);
        }
        for (int g = 0; g < groups.count(); g++) {
            int first = 0;
            for (int s = 0; s < shards; s++) {
                try (SafetensorsFile file = kept.open(series(g, s))) {
                    int count = (int) file.tensor(IDS).elements();
                    file.read(IDS, 0, count, ids, first);
                    for (Map.Entry<String, double[]> part : parts.entrySet()) {
                        if (file.find(LAYER + part.getKey()).isPresent()) {
                            file.read(LAYER + part.getKey(), 0, count, part.getValue(), first);
                        }
                    }
                    first += count;
                }
            }
        }
        double[] total = new double[examples];
        parts.values().forEach(part -> Arrays.setAll(total, z -> total[z] + part[z]));
        return new SelfInfluence(ids, total, parts, provenance);
    }
}
