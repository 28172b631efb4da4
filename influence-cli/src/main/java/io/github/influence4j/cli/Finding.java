package io.github.influence4j.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Something that is most likely wrong with captures.
 *
 * @param kind a word for scripts
 * @param layer where
 * @param example id of an example that shows it
 * @param what what was seen
 * @param remedy what to do
 */
record Finding(String kind, Optional<String> layer, Optional<Long> example, String what, String remedy) {

    static Finding of(String kind, String layer, String what, String remedy) {
        return new Finding(kind, Optional.of(layer), Optional.empty(), what, remedy);
    }

    static Finding of(String kind, String layer, long example, String what, String remedy) {
        return new Finding(kind, Optional.of(layer), Optional.of(example), what, remedy);
    }

    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("kind", kind);
        layer.ifPresent(name -> json.put("layer", name));
        example.ifPresent(id -> json.put("example", id));
        json.put("what", what);
        json.put("remedy", remedy);
        return json;
    }

    @Override
    public String toString() {
        String where = layer.map(name -> "layer " + name).orElse("all layers")
                + example.map(id -> ", example " + id).orElse("");
        return where + ": " + what + "; " + remedy;
    }
}
