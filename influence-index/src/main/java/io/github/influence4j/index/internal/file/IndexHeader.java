package io.github.influence4j.index.internal.file;

import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.index.internal.sketch.SketchLayout;
import io.github.influence4j.store.json.StrictJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What decides the rows of an index beside the data: rows of two indexes can be compared if this is the same.
 *
 * @param factors names the factors
 * @param model fingerprint of the weights, where the factors have it
 * @param layers the layers, in the model's order
 * @param bytes of a sequence
 * @param seed decides the projections
 */
public record IndexHeader(String factors, Optional<String> model, List<Layer> layers, long bytes, long seed) {

    /**
     * A layer.
     *
     * @param name its name
     * @param parameters o·i
     * @param lambda λ, which is in the whitened gradients
     */
    public record Layer(String name, int parameters, double lambda) {}

    /** Copies the list. */
    public IndexHeader {
        layers = List.copyOf(layers);
    }

    /**
     * Describes an index of some layers.
     *
     * @param factors names the factors
     * @param model fingerprint of the weights, where the factors have it
     * @param layers the layers of the factors
     * @param damping their λ
     * @param bytes of a sequence
     * @param seed decides the projections
     * @return the header
     */
    public static IndexHeader of(
            String factors,
            Optional<String> model,
            List<LayerSpec> layers,
            LayerDamping damping,
            long bytes,
            long seed) {
        List<Layer> described = layers.stream()
                .map(layer ->
                        new Layer(layer.name(), Math.toIntExact(layer.parameters()), damping.lambda(layer.name())))
                .toList();
        return new IndexHeader(factors, model, described, bytes, seed);
    }

    /**
     * Reads a header.
     *
     * @param json the entry of the manifest
     * @return the header
     * @throws io.github.influence4j.safetensors.MalformedFileException if it is not one
     */
    static IndexHeader read(StrictJson json) {
        json.requireOnly(Set.of("factors", "model", "layers", "bytes", "seed"));
        List<Layer> layers = new ArrayList<>();
        for (StrictJson layer : json.list("layers")) {
            layer.requireOnly(Set.of("name", "parameters", "lambda"));
            if (layer.number("lambda") < 0) {
                throw layer.malformed("lambda", "a damping that is not negative");
            }
            layers.add(new Layer(layer.text("name"), layer.positive("parameters"), layer.number("lambda")));
        }
        if (layers.isEmpty() || layers.stream().map(Layer::name).distinct().count() != layers.size()) {
            throw json.malformed("layers", "layers, each once");
        }
        IndexHeader header = new IndexHeader(
                json.text("factors"), json.optionalText("model"), layers, json.integer("bytes"), json.integer("seed"));
        try {
            if (header.layout().bytes() != header.bytes()) {
                throw json.malformed("bytes", header.layout().bytes() + " for these layers");
            }
        } catch (ArithmeticException e) {
            throw json.malformed("layers", "layers of a size that an index can have");
        }
        return header;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("factors", factors);
        model.ifPresent(name -> json.put("model", name));
        List<Map<String, Object>> described = new ArrayList<>();
        for (Layer layer : layers) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("name", layer.name());
            entry.put("parameters", layer.parameters());
            entry.put("lambda", layer.lambda());
            described.add(entry);
        }
        json.put("layers", described);
        json.put("bytes", bytes);
        json.put("seed", seed);
        return json;
    }

    /**
     * Names the header.
     *
     * @return hexadecimal digits, which every shard has
     */
    public String fingerprint() {
        return Fingerprint.ofText(toJson().toString());
    }

    /**
     * Divides the bytes among the layers.
     *
     * @return the layout
     * @throws IllegalArgumentException if they are too few or too many
     */
    public SketchLayout layout() {
        return SketchLayout.of(layers.stream().map(Layer::parameters).toList(), bytes, seed);
    }

    /**
     * Returns the damping.
     *
     * @return λ of each layer
     */
    public LayerDamping damping() {
        Map<String, Double> lambdas = new LinkedHashMap<>();
        layers.forEach(layer -> lambdas.put(layer.name(), layer.lambda()));
        return new LayerDamping(lambdas);
    }

    /**
     * Refuses factors that the index was not built with.
     *
     * @param found names the factors at hand
     * @throws IllegalArgumentException if they are others
     */
    public void requireFactors(String found) {
        if (!factors.equals(found)) {
            throw new IllegalArgumentException("the index was built with the factors " + factors + ", found were "
                    + found + "; give those factors, or build the index again");
        }
    }

    /**
     * Refuses to mix the rows of two indexes.
     *
     * @param other the header of what is to be added
     * @throws IllegalArgumentException if it differs, saying in what
     */
    public void requireSame(IndexHeader other) {
        requireFactors(other.factors());
        if (!layers.equals(other.layers())) {
            throw new IllegalArgumentException(
                    "the index was built with the damping " + damping().lambdas() + ", asked for is "
                            + other.damping().lambdas() + "; whitened gradients of both cannot be mixed");
        }
        if (bytes != other.bytes() || seed != other.seed()) {
            throw new IllegalArgumentException("the index has " + bytes + " bytes a sequence and seed " + seed
                    + ", asked for are " + other.bytes() + " and " + other.seed());
        }
    }
}
