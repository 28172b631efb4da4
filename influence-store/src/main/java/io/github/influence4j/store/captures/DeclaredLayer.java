package io.github.influence4j.store.captures;

import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.store.json.SharedInputsJson;
import io.github.influence4j.store.json.StrictJson;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A layer as the metadata of a capture file declares it.
 *
 * @param name its name
 * @param inputs number of inputs, without the bias
 * @param outputs number of outputs
 * @param bias whether it has a bias
 * @param positions what its positions are, if the file says so
 * @param uses how often the model runs it at each token
 * @param inputOf name of the layer whose input it reads too, if the file says so
 */
record DeclaredLayer(
        String name,
        int inputs,
        int outputs,
        boolean bias,
        Optional<Positions> positions,
        int uses,
        Optional<String> inputOf) {

    private static final Set<String> KEYS = Set.of("in", "out", "bias", "positions", "uses", SharedInputsJson.KEY);

    static DeclaredLayer parse(String name, StrictJson json) {
        json.requireOnly(KEYS);
        Optional<Positions> positions = json.optionalText("positions").map(word -> Stream.of(Positions.values())
                .filter(kind -> kind.name().toLowerCase(Locale.ROOT).equals(word))
                .findFirst()
                .orElseThrow(() -> json.malformed("positions", "none, tokens or patches")));
        return new DeclaredLayer(
                name,
                json.positive("in"),
                json.positive("out"),
                json.flag("bias"),
                positions,
                json.has("uses") ? json.positive("uses") : 1,
                json.optionalText(SharedInputsJson.KEY));
    }

    String activations() {
        return name + "/activations";
    }

    String outputGradients() {
        return name + "/output_gradients";
    }

    /** Of each example, what was kept of the square of its gradient where that was cut. */
    String energy() {
        return name + "/energy";
    }

    String mask() {
        return name + "/mask";
    }
}
