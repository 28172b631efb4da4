package io.github.influence4j.store.scores;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Scores as named blocks of numbers, whatever they are written to. */
final class ScoreTensors {

    /** kronfluence's name for the sum over all layers. */
    static final String ALL = "all_modules";

    static final String PAIRWISE = "pairwise_scores";

    static final String SELF = "self_scores";

    static final String PER_TOKEN = "per_token_scores";

    static final String LAYER_TOKENS = "layer_token_scores";

    static final String TOP = "top_scores";

    static final String TOP_LAYERS = "top_layer_scores";

    static final String TOP_TOKENS = "top_token_scores";

    static final String TOP_LAYER_TOKENS = "top_layer_token_scores";

    static final String IDS = "ids";

    static final String MANIFEST = "scores.json";

    /** What scores of any kind and format are called; what a manifest lists beside that is not ours to remove. */
    static final Pattern FILE = Pattern.compile(
            "(pairwise_scores|self_scores|(per|layer)_token_scores|top(_layer)?(_token)?_scores"
                    + "|ids|query_ids|train_ids|train_tokens|(helpful|harmful)_(scores|ids|tokens|token_scores))(\\.\\d+)?\\.(safetensors|csv|npy)");

    private ScoreTensors() {}

    /** The parts of the layers where they were kept, else the sum, as kronfluence has it. */
    static Map<String, Matrix> pairwise(InfluenceScores scores) {
        Map<String, Matrix> parts = new LinkedHashMap<>();
        ScoreWriter.requireNames(scores.layers());
        scores.layers().forEach(layer -> parts.put(layer, scores.layer(layer)));
        return parts.isEmpty() ? Map.of(ALL, scores.matrix()) : parts;
    }

    static Map<String, double[]> self(SelfInfluence scores) {
        Map<String, double[]> parts = new LinkedHashMap<>();
        ScoreWriter.requireNames(scores.layers());
        scores.layers().forEach(layer -> parts.put(layer, scores.layer(layer)));
        return parts.isEmpty() ? Map.of(ALL, scores.scores()) : parts;
    }

    /** The number of tokens of each training example. */
    static long[] tokens(InfluenceScores scores) {
        long[] tokens = new long[scores.trainIds().length];
        for (int z = 0; z < tokens.length; z++) {
            tokens[z] = scores.tokens(0, z).length;
        }
        return tokens;
    }

    /** The two ends of what was kept, by the names that files give them. */
    static Map<String, List<List<Influence>>> ends(TopInfluences scores) {
        Map<String, List<List<Influence>>> ends = new LinkedHashMap<>();
        ends.put("helpful", scores.helpful());
        ends.put("harmful", scores.harmful());
        return ends;
    }

    /** Layers whose parts were kept. */
    static List<String> layers(TopInfluences scores) {
        return scores.parts().isEmpty() ? List.of() : scores.parts().get(0).layers();
    }

    static boolean hasTokens(TopInfluences scores) {
        return !scores.parts().isEmpty() && scores.parts().get(0).hasTokens();
    }

    /** The part of each layer, of one end of a query; in the order of the layers. */
    static List<double[]> layers(TopInfluences scores, int query, List<Influence> row) {
        InfluenceScores kept = scores.kept(query);
        List<double[]> parts = new ArrayList<>();
        for (String layer : kept.layers()) {
            double[] all = new double[kept.trainIds().length];
            kept.layer(layer).read(0, 1, all, 0);
            parts.add(columns(kept, row).mapToDouble(column -> all[column]).toArray());
        }
        return parts;
    }

    /** The part of each token, by example of one end of a query. */
    static List<double[]> tokens(TopInfluences scores, int query, List<Influence> row) {
        InfluenceScores kept = scores.kept(query);
        return columns(kept, row).mapToObj(column -> kept.tokens(0, column)).toList();
    }

    /** Layers whose parts were kept token by token. */
    static List<String> tokenLayers(TopInfluences scores) {
        return scores.parts().isEmpty() ? List.of() : scores.parts().get(0).tokenLayers();
    }

    /** The part of each token through a layer, by example of one end of a query. */
    static List<double[]> tokens(String layer, TopInfluences scores, int query, List<Influence> row) {
        InfluenceScores kept = scores.kept(query);
        return columns(kept, row)
                .mapToObj(column -> kept.tokens(layer, 0, column))
                .toList();
    }

    private static IntStream columns(InfluenceScores kept, List<Influence> row) {
        List<Long> ids = LongStream.of(kept.trainIds()).boxed().toList();
        return row.stream().mapToInt(one -> ids.indexOf(one.trainId()));
    }

    /** Tokens of the longest example that was kept. */
    static int mostTokens(TopInfluences scores) {
        return scores.parts().stream()
                .flatMapToInt(
                        kept -> IntStream.range(0, kept.trainIds().length).map(column -> kept.tokens(0, column).length))
                .max()
                .orElse(0);
    }
}
