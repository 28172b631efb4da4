package io.github.influence4j.store.captures;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.internal.PlainText;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.json.SharedInputsJson;
import io.github.influence4j.store.json.StrictJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the metadata of a capture file say.
 *
 * @param objective what the captures are gradients of
 * @param model fingerprint of the model, if the file has one
 * @param labels name of the series of draws of sampled labels, if the file has one
 * @param rank singular pairs to which gradients were cut, if they were
 * @param draws of labels of each example; 1 unless they are sampled
 * @param layers the layers, in the file's order
 * @param sharedInputs names of layers that read one input
 */
record CaptureHeader(
        CaptureObjective objective,
        Optional<String> model,
        Optional<String> labels,
        OptionalInt rank,
        int draws,
        List<DeclaredLayer> layers,
        List<List<String>> sharedInputs) {

    /** Names the series of draws; only files of sampled labels have one. */
    static final String LABELS = "labels";

    /** How many draws of labels there are of each example; only files of sampled labels have it. */
    static final String DRAWS = "draws";

    private static final int MOST_CHARACTERS = 200;

    static final String FORMAT = "influence-captures";

    static final String VERSION = "1";

    static CaptureHeader parse(SafetensorsFile file) {
        require(file, "format", FORMAT);
        require(file, "version", VERSION);
        String word = file.metadata("objective");
        CaptureObjective objective = CaptureObjective.ofWord(word)
                .orElseThrow(() -> new MalformedFileException(
                        file.path(),
                        "the objective must be sampled, training or measurement, found "
                                + MalformedFileException.quote(word)));
        List<DeclaredLayer> layers = new ArrayList<>();
        StrictJson.parse(file.path(), "the metadata layers", file.metadata("layers"))
                .objects()
                .forEach((name, json) -> {
                    if (name.isBlank()) {
                        throw new MalformedFileException(file.path(), "a layer needs a name");
                    }
                    if (!PlainText.isPlain(name)) {
                        throw new MalformedFileException(
                                file.path(),
                                "the name of layer " + MalformedFileException.quote(name)
                                        + " must have no control, format or line-breaking characters");
                    }
                    layers.add(DeclaredLayer.parse(name, json));
                });
        if (layers.isEmpty()) {
            throw new MalformedFileException(file.path(), "declares no layers");
        }
        return new CaptureHeader(
                objective,
                Optional.ofNullable(file.metadata().get("model")),
                labels(file, objective),
                rank(file, objective),
                draws(file, objective),
                layers,
                sharedInputs(file, layers));
    }

    private static List<List<String>> sharedInputs(SafetensorsFile file, List<DeclaredLayer> layers) {
        Map<String, String> inputOf = new LinkedHashMap<>();
        layers.forEach(layer -> layer.inputOf().ifPresent(other -> inputOf.put(layer.name(), other)));
        List<LayerSpec> specs = layers.stream()
                .map(layer -> new LayerSpec(
                        layer.name(),
                        layer.inputs(),
                        layer.outputs(),
                        layer.bias(),
                        layer.positions().orElse(Positions.NONE)))
                .toList();
        return SharedInputsJson.read(file.path(), specs, inputOf);
    }

    private static Optional<String> labels(SafetensorsFile file, CaptureObjective objective) {
        Optional<String> labels = Optional.ofNullable(file.metadata().get(LABELS));
        if (labels.isPresent() && !(objective == CaptureObjective.SAMPLED && isName(labels.get()))) {
            throw new MalformedFileException(
                    file.path(),
                    "the metadata " + LABELS + " must name the draws of sampled labels in at most " + MOST_CHARACTERS
                            + " characters, found " + MalformedFileException.quote(labels.get()) + " for "
                            + objective.word() + " captures");
        }
        return labels;
    }

    private static OptionalInt rank(SafetensorsFile file, CaptureObjective objective) {
        String rank = file.metadata().get("rank");
        if (rank == null) {
            return OptionalInt.empty();
        }
        if (objective == CaptureObjective.SAMPLED || !rank.matches("[1-9][0-9]{0,8}")) {
            throw new MalformedFileException(
                    file.path(),
                    "the metadata rank must be a positive number, of training or measurement captures (a fit needs the positions),"
                            + " found " + MalformedFileException.quote(rank) + " for " + objective.word()
                            + " captures");
        }
        return OptionalInt.of(Integer.parseInt(rank));
    }

    private static int draws(SafetensorsFile file, CaptureObjective objective) {
        String draws = file.metadata().get(DRAWS);
        if (draws == null) {
            return 1;
        }
        if (objective != CaptureObjective.SAMPLED || !draws.matches("[1-9][0-9]{0,5}")) {
            throw new MalformedFileException(
                    file.path(),
                    "the metadata " + DRAWS + " must be a number from 1 to 999999, of sampled captures, found "
                            + MalformedFileException.quote(draws) + " for " + objective.word() + " captures");
        }
        return Integer.parseInt(draws);
    }

    static boolean isName(String labels) {
        return !labels.isBlank() && labels.length() <= MOST_CHARACTERS && PlainText.isPlain(labels);
    }

    private static void require(SafetensorsFile file, String key, String expected) {
        String found = file.metadata(key);
        if (!found.equals(expected)) {
            throw new MalformedFileException(
                    file.path(),
                    "the metadata " + key + " must be " + expected + ", found " + MalformedFileException.quote(found));
        }
    }
}
