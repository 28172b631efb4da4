package io.github.influence4j.store.json;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.Provenance;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Provenances in JSON. */
public final class ProvenanceJson {

    private ProvenanceJson() {}

    /**
     * Prepares a provenance for writing.
     *
     * @param provenance the provenance
     * @return maps, texts and numbers
     */
    public static Map<String, Object> write(Provenance provenance) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("library", provenance.libraryVersion());
        json.put("runtime", provenance.runtime());
        json.put("backend", provenance.backend());
        json.put("precision", word(provenance.precision()));
        provenance.model().ifPresent(model -> json.put("model", model));
        json.put("options", provenance.options());
        json.put("counts", provenance.counts());
        Map<String, String> durations = new LinkedHashMap<>();
        provenance.durations().forEach((stage, time) -> durations.put(stage, time.toString()));
        json.put("durations", durations);
        return json;
    }

    /**
     * Reads a provenance.
     *
     * @param json what {@link #write} wrote
     * @return the provenance
     * @throws io.github.influence4j.safetensors.MalformedFileException if it is not one
     */
    public static Provenance read(StrictJson json) {
        json.requireOnly(
                Set.of("library", "runtime", "backend", "precision", "model", "options", "counts", "durations"));
        Precision precision = Stream.of(Precision.values())
                .filter(p -> word(p).equals(json.text("precision")))
                .findFirst()
                .orElseThrow(() -> json.malformed("precision", "float32 or float64"));
        Provenance read = Provenance.of(json.text("library"), json.text("runtime"), json.text("backend"), precision)
                .withModel(json.optionalText("model"));
        for (Map.Entry<String, String> option : json.object("options").texts().entrySet()) {
            read = read.withOption(option.getKey(), option.getValue());
        }
        for (Map.Entry<String, Long> count : json.object("counts").integers().entrySet()) {
            read = read.withCount(count.getKey(), count.getValue());
        }
        StrictJson durations = json.object("durations");
        for (Map.Entry<String, String> stage : durations.texts().entrySet()) {
            try {
                read = read.withDuration(stage.getKey(), Duration.parse(stage.getValue()));
            } catch (DateTimeParseException e) {
                throw durations.malformed(stage.getKey(), "a duration such as PT1.5S");
            }
        }
        return read;
    }

    private static String word(Precision precision) {
        return precision.name().toLowerCase(Locale.ROOT);
    }
}
