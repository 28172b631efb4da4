package io.github.influence4j.store.runs;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The self-influence of each shard's examples at the layers of a group, in a file of their own, in float64. */
final class SelfUnits {

    private static final String IDS = "train_ids";
    private static final String TOTAL = "total";

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

    void write(int group, int shard, SelfInfluence scores) {
        long[] ids = scores.ids();
        double[] total = scores.scores();
        List<TensorSpec> specs = new ArrayList<>();
        specs.add(TensorSpec.of(IDS, TensorType.I64, ids.length));
        specs.add(TensorSpec.of(TOTAL, TensorType.F64, ids.length));
        scores.layers().forEach(layer -> specs.add(TensorSpec.of(LAYER + layer, TensorType.F64, ids.length)));
        try {
            kept.finish(series(group, shard), 1, specs, file -> {
                file.append(IDS, ids, 0, ids.length);
                file.append(TOTAL, total, 0, ids.length);
                for (String layer : scores.layers()) {
                    file.append(LAYER + layer, scores.layer(layer), 0, ids.length);
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts the shards one behind the other. */
    SelfInfluence sum(int shards, int examples, ScoreGroups<?> groups, Provenance provenance) throws IOException {
        long[] ids = new long[examples];
        double[] total = new double[examples];
        Map<String, double[]> parts = new LinkedHashMap<>();
        for (LayerSpec layer : groups.options().perLayer() ? groups.layers() : List.<LayerSpec>of()) {
            parts.put(layer.name(), new double[examples]);
        }
        for (int g = 0; g < groups.count(); g++) {
            int first = 0;
            for (int s = 0; s < shards; s++) {
                try (SafetensorsFile file = kept.open(series(g, s))) {
                    int count = (int) file.tensor(IDS).elements();
                    file.read(IDS, 0, count, ids, first);
                    double[] some = new double[count];
                    file.read(TOTAL, 0, count, some, 0);
                    for (int z = 0; z < count; z++) {
                        total[first + z] += some[z];
                    }
                    for (Map.Entry<String, double[]> part : parts.entrySet()) {
                        if (file.find(LAYER + part.getKey()).isPresent()) {
                            file.read(LAYER + part.getKey(), 0, count, part.getValue(), first);
                        }
                    }
                    first += count;
                }
            }
        }
        return new SelfInfluence(ids, total, parts, provenance);
    }
}
