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
        Map<String, Duration> durations = new LinkedHashMap<>();
        StrictJson times = json.object("durations");
        times.texts().forEach((stage, time) -> {
            try {
                durations.put(stage, Duration.parse(time));
            } catch (DateTimeParseException e) {
                throw times.malformed(stage, "a duration such as PT1.5S");
            }
        });
        return new Provenance(
                json.text("library"),
                json.text("runtime"),
                json.text("backend"),
                precision,
                json.optionalText("model"),
                json.object("options").texts(),
                json.object("counts").integers(),
                durations);
    }

    private static String word(Precision precision) {
        return precision.name().toLowerCase(Locale.ROOT);
    }
}
