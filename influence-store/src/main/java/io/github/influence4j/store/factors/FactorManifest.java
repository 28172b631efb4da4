package io.github.influence4j.store.factors;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.internal.PlainText;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.Checksum;
import io.github.influence4j.store.json.ProvenanceJson;
import io.github.influence4j.store.json.SealedJson;
import io.github.influence4j.store.json.SharedInputsJson;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a folder of factors says about itself, in {@code manifest.json}, which is written last.
 *
 * @param strategy which approximation the factors are of
 * @param blocks O, the diagonal blocks that each covariance was cut into; 1 for none
 * @param layers the layers, in the model's order
 * @param sharedInputs names of layers that read one input, whose Q_A and α are in the files under the name of the first
 * @param checksums size and SHA-256 of each file, by its name
 * @param provenance how the factors were made
 */
public record FactorManifest(
        Strategy strategy,
        int blocks,
        List<LayerSpec> layers,
        List<List<String>> sharedInputs,
        Map<String, Checksum> checksums,
        Provenance provenance) {

    /** The manifest's file name. */
    public static final String FILE = "manifest.json";

    private static final String FORMAT = "influence-factors";

    private static final int VERSION = 1;

    /** Of folders in which layers share tensors, which readers of version 1 would miss. */
    private static final int SHARING_VERSION = 2;

    /** Of folders in which the blocks of eigenvectors lie one below the other; layers may share tensors. */
    private static final int PACKED_VERSION = 3;

    /** Copies the collections, keeping their order. */
    public FactorManifest {
        layers = List.copyOf(layers);
        sharedInputs = sharedInputs.stream().map(List::copyOf).toList();
        checksums = Collections.unmodifiableMap(new LinkedHashMap<>(checksums));
    }

    static FactorManifest parse(Path file) throws IOException {
        StrictJson json = SealedJson.read(file, "the manifest");
        if (!json.text("format").equals(FORMAT)) {
            throw json.malformed("format", FORMAT);
        }
        long version = json.integer("version");
        if (version < VERSION || version > PACKED_VERSION) {
            throw json.malformed("version", VERSION + " to " + PACKED_VERSION + ", the versions this library reads");
        }
        json.requireOnly(Set.of(
                "format", "version", "strategy", "blocks", "layers", "files", "provenance", SealedJson.CHECKSUM));
        if (version == PACKED_VERSION && json.positive("blocks") == 1) {
            throw json.malformed("version", VERSION + " or " + SHARING_VERSION + ", as there are no blocks");
        }
        Strategy strategy = strategy(json.text("strategy"), json);
        List<LayerSpec> layers = new ArrayList<>();
        Map<String, String> inputOf = new LinkedHashMap<>();
        for (StrictJson layer : json.list("layers")) {
            layers.add(layer(layer, version >= SHARING_VERSION));
            Optional<String> source = layer.optionalText(SharedInputsJson.KEY);
            source.ifPresent(name -> inputOf.put(layer.text("name"), name));
        }
        if (layers.stream().map(LayerSpec::name).distinct().count() != layers.size() || layers.isEmpty()) {
            throw new MalformedFileException(file, "the manifest must have layers, each once");
        }
        return new FactorManifest(
                strategy,
                json.positive("blocks"),
                layers,
                sharedInputs(file, strategy, layers, inputOf),
                Checksum.parse(json.object("files")),
                ProvenanceJson.read(json.object("provenance")));
    }

    static Strategy strategy(String word, StrictJson json) {
        return Stream.of(Strategy.values())
                .filter(strategy -> word(strategy).equals(word))
                .findFirst()
                .orElseThrow(() -> json.malformed(
                        "strategy",
                        Stream.of(Strategy.values())
                                .map(FactorManifest::word)
                                .collect(Collectors.joining(", ", "one of ", ""))));
    }

    private static List<List<String>> sharedInputs(
            Path file, Strategy strategy, List<LayerSpec> layers, Map<String, String> inputOf) {
        List<List<String>> lists = SharedInputsJson.read(file, layers, inputOf);
        if (!lists.isEmpty() && strategy != Strategy.EKFAC && strategy != Strategy.KFAC) {
            throw new MalformedFileException(
                    file,
                    "has entries " + SharedInputsJson.KEY + ", but factors of " + word(strategy) + " share nothing");
        }
        return lists;
    }

    private static LayerSpec layer(StrictJson json, boolean shares) {
        Set<String> known = Set.of("name", "in", "out", "bias", "positions");
        json.requireOnly(shares ? with(known, SharedInputsJson.KEY) : known);
        Positions positions = Stream.of(Positions.values())
                .filter(kind -> word(kind).equals(json.text("positions")))
                .findFirst()
                .orElseThrow(() -> json.malformed("positions", "none, tokens or patches"));
        String name = json.text("name");
        if (name.isBlank() || !PlainText.isPlain(name) || json.integer("in") >= Integer.MAX_VALUE) {
            throw json.malformed("name", "the name of a layer with fewer than 2^31-1 inputs");
        }
        return new LayerSpec(name, json.positive("in"), json.positive("out"), json.flag("bias"), positions);
    }

    byte[] toBytes(boolean packed) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("format", FORMAT);
        json.put("version", packed ? PACKED_VERSION : sharedInputs.isEmpty() ? VERSION : SHARING_VERSION);
        json.put("strategy", word(strategy));
        json.put("blocks", blocks);
        json.put("layers", layers.stream().map(this::layerJson).toList());
        json.put("files", checksums);
        json.put("provenance", ProvenanceJson.write(provenance));
        return SealedJson.write(json);
    }

    private Map<String, Object> layerJson(LayerSpec layer) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", layer.name());
        json.put("in", layer.inputs());
        json.put("out", layer.outputs());
        json.put("bias", layer.bias());
        json.put("positions", word(layer.positions()));
        SharedInputsJson.inputOf(sharedInputs, layer.name()).ifPresent(name -> json.put(SharedInputsJson.KEY, name));
        return json;
    }

    private static Set<String> with(Set<String> words, String more) {
        Set<String> all = new HashSet<>(words);
        all.add(more);
        return all;
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
