package io.github.influence4j.index.internal.file;

import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.index.internal.coordinate.CoordinateLayout;
import io.github.influence4j.index.internal.sketch.RowShape;
import io.github.influence4j.index.internal.sketch.SketchLayout;
import io.github.influence4j.store.json.StrictJson;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What decides the rows of an index beside the data: rows of two indexes can be compared if this is the same.
 *
 * @param factors names the factors
 * @param model fingerprint of the weights, where the factors have it
 * @param layers the layers, in the model's order
 * @param bytes of a sequence, of each section that the index has
 * @param seed decides the projections
 */
public record IndexHeader(
        String factors, Optional<String> model, List<Layer> layers, Map<IndexSection, Long> bytes, long seed) {

    /**
     * A layer.
     *
     * @param name its name
     * @param parameters o·i
     * @param lambda λ, which is in the whitened gradients
     */
    public record Layer(String name, int parameters, double lambda) {}

    /** Copies the collections. */
    public IndexHeader {
        layers = List.copyOf(layers);
        bytes = Collections.unmodifiableMap(new EnumMap<>(bytes));
    }

    /**
     * Describes an index of some layers.
     *
     * @param factors names the factors
     * @param model fingerprint of the weights, where the factors have it
     * @param layers the layers of the factors
     * @param damping their λ
     * @param bytes of a sequence, of each section
     * @param seed decides the projections
     * @return the header
     */
    public static IndexHeader of(
            String factors,
            Optional<String> model,
            List<LayerSpec> layers,
            LayerDamping damping,
            Map<IndexSection, Long> bytes,
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
                json.text("factors"),
                json.optionalText("model"),
                layers,
                bytes(json.object("bytes")),
                json.integer("seed"));
        for (IndexSection section : header.sections()) {
            try {
                long expected = header.shape(section).bytes();
                if (expected != header.bytes(section)) {
                    throw json.malformed("bytes", expected + " for " + section + " of these layers");
                }
            } catch (ArithmeticException e) {
                throw json.malformed("layers", "layers of a size that an index can have");
            }
        }
        return header;
    }

    private static Map<IndexSection, Long> bytes(StrictJson json) {
        json.requireOnly(Stream.of(IndexSection.values()).map(IndexSection::key).collect(Collectors.toSet()));
        Map<IndexSection, Long> bytes = new EnumMap<>(IndexSection.class);
        for (IndexSection section : IndexSection.values()) {
            if (json.has(section.key())) {
                bytes.put(section, json.integer(section.key()));
            }
        }
        if (bytes.isEmpty()) {
            throw json.malformed("signs", "the size of a section");
        }
        return bytes;
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
        Map<String, Object> sizes = new LinkedHashMap<>();
        bytes.forEach((section, size) -> sizes.put(section.key(), size));
        json.put("bytes", sizes);
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
     * Returns what is kept of a sequence.
     *
     * @return the sections, in their order
     */
    public Set<IndexSection> sections() {
        return bytes.keySet();
    }

    /**
     * Returns the size of a section.
     *
     * @param section one that the index has
     * @return bytes of a sequence
     */
    public long bytes(IndexSection section) {
        return Objects.requireNonNull(bytes.get(section), () -> "no " + section);
    }

    /**
     * Returns the rows of a section.
     *
     * @param section one that the index has
     * @return their shape
     * @throws IllegalArgumentException if the bytes are too few or too many
     */
    public RowShape shape(IndexSection section) {
        return section == IndexSection.SIGNS
                ? signs().shape()
                : CoordinateLayout.shape(parameters(), bytes(IndexSection.COORDINATES));
    }

    /**
     * Divides the bytes of the signs among the layers.
     *
     * @return the layout
     * @throws IllegalArgumentException if they are too few or too many
     */
    public SketchLayout signs() {
        return SketchLayout.of(parameters(), bytes(IndexSection.SIGNS), seed);
    }

    private List<Integer> parameters() {
        return layers.stream().map(Layer::parameters).toList();
    }

    /**
     * Says how large a sequence is.
     *
     * @return bytes of all sections
     */
    public long bytesPerExample() {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
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
        if (!bytes.equals(other.bytes()) || seed != other.seed()) {
            throw new IllegalArgumentException("the index has bytes a sequence of " + bytes + " and seed " + seed
                    + ", asked for are " + other.bytes() + " and " + other.seed());
        }
    }
}
