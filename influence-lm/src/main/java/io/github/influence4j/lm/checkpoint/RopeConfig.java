package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.decoder.RotaryPositions;
import io.github.influence4j.decoder.RotaryPositions.Llama3Scaling;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.json.StrictJson;
import java.util.Optional;
import java.util.Set;

/**
 * The rotary positions of a configuration, in the spelling of transformers 5 ({@code rope_parameters}) or the older one ({@code
 * rope_theta}, {@code rope_scaling}; of GPT-NeoX {@code rotary_emb_base}, {@code rotary_pct}).
 */
final class RopeConfig {

    private static final Set<String> KNOWN = Set.of(
            "rope_type",
            "type",
            "rope_theta",
            "partial_rotary_factor",
            "factor",
            "low_freq_factor",
            "high_freq_factor",
            "original_max_position_embeddings");

    private RopeConfig() {}

    /**
     * Reads those of a family that turns whole heads.
     *
     * @param config the configuration
     * @param headWidth numbers of a head
     * @throws MalformedFileException if their type is not known, or a part of a head is to be turned
     */
    static RotaryPositions readWhole(ModelConfig config, int headWidth) {
        RotaryPositions positions = read(config, headWidth, 1);
        if (positions.width() != headWidth) {
            throw new MalformedFileException(
                    config.file(),
                    "\"partial_rotary_factor\" turns " + positions.width() + " of the " + headWidth
                            + " numbers of a head, expected all: transformers passes it over for this family");
        }
        return positions;
    }

    /**
     * Reads them.
     *
     * @param config the configuration
     * @param headWidth numbers of a head
     * @param part the part of a head that is turned where nothing is said
     * @throws MalformedFileException if their type is not known
     */
    static RotaryPositions read(ModelConfig config, int headWidth, double part) {
        Optional<StrictJson> parameters = config.object("rope_parameters");
        Optional<StrictJson> scaling = config.object("rope_scaling");
        double base = config.number("rope_theta", config.number("rotary_emb_base", 10_000));
        double turned = config.number("partial_rotary_factor", config.number("rotary_pct", part));
        if (parameters.isPresent()) {
            if (scaling.isPresent()) {
                throw config.refused("rope_scaling", "left out beside rope_parameters");
            }
            StrictJson json = parameters.get();
            base = json.hasValue("rope_theta") ? json.number("rope_theta") : base;
            turned = json.hasValue("partial_rotary_factor") ? json.number("partial_rotary_factor") : turned;
        }
        RotaryPositions positions = RotaryPositions.of(base, (int) (headWidth * turned));
        Optional<StrictJson> said = parameters.isPresent() ? parameters : scaling;
        said.ifPresent(RopeConfig::refuseUnknown);
        return said.flatMap(RopeConfig::scaling).map(positions::withScaling).orElse(positions);
    }

    /** What stands there decides the angles, so nothing is passed over. */
    private static void refuseUnknown(StrictJson json) {
        for (String name : json.plain().keySet()) {
            if (!KNOWN.contains(name) && json.hasValue(name)) {
                throw json.malformed(name, "left out, as it is not known and may change the model's numbers");
            }
        }
    }

    private static Optional<Llama3Scaling> scaling(StrictJson json) {
        String name = json.hasValue("rope_type") ? "rope_type" : "type";
        String type = json.hasValue(name) ? json.text(name) : "default";
        return switch (type) {
            case "default" -> Optional.empty();
            case "llama3" ->
                Optional.of(new Llama3Scaling(
                        json.number("factor"),
                        json.number("low_freq_factor"),
                        json.number("high_freq_factor"),
                        json.positive("original_max_position_embeddings")));
            default -> throw json.malformed(name, "\"default\" or \"llama3\"");
        };
    }
}
