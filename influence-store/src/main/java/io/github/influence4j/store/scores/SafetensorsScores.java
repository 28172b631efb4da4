package io.github.influence4j.store.scores;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.StagedFiles;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Scores as kronfluence writes them. */
final class SafetensorsScores {

    private SafetensorsScores() {}

    static void write(InfluenceScores scores, StagedFiles files) throws IOException {
        Map<String, Matrix> parts = ScoreTensors.pairwise(scores);
        List<TensorSpec> specs = new ArrayList<>();
        parts.forEach((name, part) -> specs.add(TensorSpec.of(name, TensorType.F64, part.rows(), part.columns())));
        SafetensorsWriter writer = tensors(files, ScoreTensors.PAIRWISE, specs);
        for (Map.Entry<String, Matrix> part : parts.entrySet()) {
            writer.append(part.getKey(), part.getValue());
        }
        Map<String, long[]> ids = new LinkedHashMap<>();
        ids.put("query_ids", scores.queryIds());
        ids.put("train_ids", scores.trainIds());
        if (scores.hasTokens()) {
            ids.put("train_tokens", ScoreTensors.tokens(scores));
            tokens(scores, files);
        }
        integers(ids, files);
    }

    private static void tokens(InfluenceScores scores, StagedFiles files) throws IOException {
        int queries = scores.queryIds().length;
        int train = scores.trainIds().length;
        int most = (int) Arrays.stream(ScoreTensors.tokens(scores)).max().orElse(0);
        SafetensorsWriter writer = tensors(
                files,
                ScoreTensors.PER_TOKEN,
                List.of(TensorSpec.of(ScoreTensors.ALL, TensorType.F64, queries, train, most)));
        for (int q = 0; q < queries; q++) {
            for (int z = 0; z < train; z++) {
                writer.append(ScoreTensors.ALL, Arrays.copyOf(scores.tokens(q, z), most), 0, most);
            }
        }
        List<String> layers = scores.tokenLayers();
        if (!layers.isEmpty()) {
            SafetensorsWriter both = tensors(
                    files,
                    ScoreTensors.LAYER_TOKENS,
                    layers.stream()
                            .map(layer -> TensorSpec.of(layer, TensorType.F64, queries, train, most))
                            .toList());
            for (String layer : layers) {
                for (int q = 0; q < queries; q++) {
                    for (int z = 0; z < train; z++) {
                        both.append(layer, Arrays.copyOf(scores.tokens(layer, q, z), most), 0, most);
                    }
                }
            }
        }
    }

    static void write(SelfInfluence scores, StagedFiles files) throws IOException {
        Map<String, double[]> parts = ScoreTensors.self(scores);
        List<TensorSpec> specs = new ArrayList<>();
        parts.forEach((name, part) -> specs.add(TensorSpec.of(name, TensorType.F64, part.length)));
        SafetensorsWriter writer = tensors(files, ScoreTensors.SELF, specs);
        for (Map.Entry<String, double[]> part : parts.entrySet()) {
            writer.append(part.getKey(), part.getValue(), 0, part.getValue().length);
        }
        integers(Map.of("train_ids", scores.ids()), files);
    }

    static void write(TopInfluences scores, StagedFiles files) throws IOException {
        Map<String, List<List<Influence>>> ends = ScoreTensors.ends(scores);
        long queries = scores.queryIds().size();
        long k = scores.helpful().stream().mapToInt(List::size).max().orElse(0);
        List<TensorSpec> specs = new ArrayList<>();
        ends.keySet().forEach(end -> {
            specs.add(TensorSpec.of(end + "_scores", TensorType.F64, queries, k));
            specs.add(TensorSpec.of(end + "_ids", TensorType.I64, queries, k));
        });
        SafetensorsWriter writer = tensors(files, ScoreTensors.TOP, specs);
        for (Map.Entry<String, List<List<Influence>>> end : ends.entrySet()) {
            for (List<Influence> row : end.getValue()) {
                double[] values = row.stream().mapToDouble(Influence::score).toArray();
                long[] ids = row.stream().mapToLong(Influence::trainId).toArray();
                writer.append(end.getKey() + "_scores", values, 0, values.length);
                writer.append(end.getKey() + "_ids", ids, 0, ids.length);
            }
        }
        if (!ScoreTensors.layers(scores).isEmpty()) {
            layers(scores, k, files);
        }
        if (ScoreTensors.hasTokens(scores)) {
            tokens(scores, k, files);
        }
        if (!ScoreTensors.tokenLayers(scores).isEmpty()) {
            layerTokens(scores, k, files);
        }
        integers(
                Map.of(
                        "query_ids",
                        scores.queryIds().stream().mapToLong(Long::longValue).toArray()),
                files);
    }

    /** A tensor for each layer and end, [queries, k]. */
    private static void layers(TopInfluences scores, long k, StagedFiles files) throws IOException {
        List<String> layers = ScoreTensors.layers(scores);
        Map<String, List<List<Influence>>> ends = ScoreTensors.ends(scores);
        long queries = scores.queryIds().size();
        List<TensorSpec> specs = new ArrayList<>();
        ends.keySet()
                .forEach(end -> layers.forEach(
                        layer -> specs.add(TensorSpec.of(end + "/" + layer, TensorType.F64, queries, k))));
        SafetensorsWriter writer = tensors(files, ScoreTensors.TOP_LAYERS, specs);
        for (Map.Entry<String, List<List<Influence>>> end : ends.entrySet()) {
            for (int q = 0; q < queries; q++) {
                List<double[]> parts =
                        ScoreTensors.layers(scores, q, end.getValue().get(q));
                for (int l = 0; l < parts.size(); l++) {
                    writer.append(end.getKey() + "/" + layers.get(l), parts.get(l), 0, (int) k);
                }
            }
        }
    }

    /** For each end the parts, [queries, k, tokens], and how many tokens the examples have, [queries, k]. */
    private static void tokens(TopInfluences scores, long k, StagedFiles files) throws IOException {
        Map<String, List<List<Influence>>> ends = ScoreTensors.ends(scores);
        long queries = scores.queryIds().size();
        int most = ScoreTensors.mostTokens(scores);
        List<TensorSpec> specs = new ArrayList<>();
        ends.keySet().forEach(end -> {
            specs.add(TensorSpec.of(end + "_token_scores", TensorType.F64, queries, k, most));
            specs.add(TensorSpec.of(end + "_tokens", TensorType.I64, queries, k));
        });
        SafetensorsWriter writer = tensors(files, ScoreTensors.TOP_TOKENS, specs);
        for (Map.Entry<String, List<List<Influence>>> end : ends.entrySet()) {
            for (int q = 0; q < queries; q++) {
                for (double[] parts :
                        ScoreTensors.tokens(scores, q, end.getValue().get(q))) {
                    writer.append(end.getKey() + "_token_scores", Arrays.copyOf(parts, most), 0, most);
                    writer.append(end.getKey() + "_tokens", new long[] {parts.length}, 0, 1);
                }
            }
        }
    }

    /** A tensor for each layer and end, [queries, k, tokens]. */
    private static void layerTokens(TopInfluences scores, long k, StagedFiles files) throws IOException {
        List<String> layers = ScoreTensors.tokenLayers(scores);
        Map<String, List<List<Influence>>> ends = ScoreTensors.ends(scores);
        long queries = scores.queryIds().size();
        int most = ScoreTensors.mostTokens(scores);
        List<TensorSpec> specs = new ArrayList<>();
        ends.keySet()
                .forEach(end -> layers.forEach(
                        layer -> specs.add(TensorSpec.of(end + "/" + layer, TensorType.F64, queries, k, most))));
        SafetensorsWriter writer = tensors(files, ScoreTensors.TOP_LAYER_TOKENS, specs);
        for (Map.Entry<String, List<List<Influence>>> end : ends.entrySet()) {
            for (String layer : layers) {
                for (int q = 0; q < queries; q++) {
                    for (double[] parts :
                            ScoreTensors.tokens(layer, scores, q, end.getValue().get(q))) {
                        writer.append(end.getKey() + "/" + layer, Arrays.copyOf(parts, most), 0, most);
                    }
                }
            }
        }
    }

    private static void integers(Map<String, long[]> vectors, StagedFiles files) throws IOException {
        List<TensorSpec> specs = new ArrayList<>();
        vectors.forEach((name, values) -> specs.add(TensorSpec.of(name, TensorType.I64, values.length)));
        SafetensorsWriter writer = tensors(files, ScoreTensors.IDS, specs);
        for (Map.Entry<String, long[]> vector : vectors.entrySet()) {
            writer.append(vector.getKey(), vector.getValue(), 0, vector.getValue().length);
        }
    }

    private static SafetensorsWriter tensors(StagedFiles files, String name, List<TensorSpec> specs)
            throws IOException {
        return files.tensors(name + ShardFolder.SUFFIX, specs, Map.of());
    }
}
