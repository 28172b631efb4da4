package io.github.influence4j.cli;

import io.github.influence4j.api.LayerSpec;
import java.util.List;
import picocli.CommandLine.Option;

/** The option that says which linear maps of a language model are tracked. */
final class LayerChoice {

    @Option(
            names = "--layers",
            paramLabel = "WHICH",
            description = "with --model: mlp, attention, all, or a pattern with * and ? (default: ${DEFAULT-VALUE})")
    private String layers = "mlp";

    List<LayerSpec> of(LanguageModel.Open model) {
        return model.layers(layers);
    }
}
