package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import java.util.List;
import java.util.regex.Pattern;

/** Linear maps of a model by a word: {@code mlp}, {@code attention}, {@code all}, or a pattern of their names with * and ?. */
public final class LayerSelection {

    private static final Pattern MLP = Pattern.compile(".*\\.mlp\\..*");
    private static final Pattern ATTENTION = Pattern.compile(".*\\.(self_attn|attn|attention)\\..*");

    private LayerSelection() {}

    /**
     * Finds the linear maps that are meant.
     *
     * @param shape form of the model
     * @param word which maps
     * @return at least one map, in the model's order; the map to the logits only where it is not the embedding
     * @throws IllegalArgumentException if the model has none that fits
     */
    public static List<LayerSpec> of(DecoderShape shape, String word) {
        Pattern pattern =
                switch (word) {
                    case "mlp" -> MLP;
                    case "attention" -> ATTENTION;
                    case "all" -> Pattern.compile(".*");
                    default -> glob(word);
                };
        List<LayerSpec> all = Decoder.linearMaps(shape);
        List<LayerSpec> chosen = all.stream()
                .filter(layer -> pattern.matcher(layer.name()).matches())
                .toList();
        if (chosen.isEmpty()) {
            throw new IllegalArgumentException(
                    "no layer fits '" + word + "'; expected mlp, attention, all or a pattern of" + " names such as "
                            + all.get(0).name() + " with * and ?");
        }
        return chosen;
    }

    private static Pattern glob(String word) {
        StringBuilder pattern = new StringBuilder();
        for (char c : word.toCharArray()) {
            pattern.append(c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(String.valueOf(c)));
        }
        return Pattern.compile(pattern.toString());
    }
}
