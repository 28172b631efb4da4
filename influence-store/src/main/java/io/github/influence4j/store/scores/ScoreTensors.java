package io.github.influence4j.store.scores;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.SelfInfluence;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Scores as named blocks of numbers, whatever they are written to. */
final class ScoreTensors {

    /** kronfluence's name for the sum over all layers. */
    static final String ALL = "all_modules";

    static final String PAIRWISE = "pairwise_scores";

    static final String SELF = "self_scores";

    static final String PER_TOKEN = "per_token_scores";

    static final String IDS = "ids";

    static final String MANIFEST = "scores.json";

    /** What scores of any kind and format are called; what a manifest lists beside that is not ours to remove. */
    static final Pattern FILE = Pattern.compile(
            "(pairwise_scores|self_scores|per_token_scores|top_scores"
                    + "|ids|query_ids|train_ids|train_tokens|(helpful|harmful)_(scores|ids))(\\.\\d+)?\\.(safetensors|csv|npy)");

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
}
