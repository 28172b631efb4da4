package io.github.influence4j.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/**
 * Where a result came from: enough to repeat it, and to notice that two results cannot be compared.
 *
 * @param libraryVersion version of influence4j
 * @param runtime Java version, operating system and architecture
 * @param backend the backend that computed, with its own versions
 * @param precision the working precision
 * @param model fingerprint of the weights, where the host gives one
 * @param options the options in force, seeds among them
 * @param counts examples and positions that were used
 * @param durations wall time of each stage
 */
public record Provenance(
        String libraryVersion,
        String runtime,
        String backend,
        Precision precision,
        Optional<String> model,
        Map<String, String> options,
        Map<String, Long> counts,
        Map<String, Duration> durations) {

    /** Copies the maps, keeping their order. */
    public Provenance {
        options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
        counts = Collections.unmodifiableMap(new LinkedHashMap<>(counts));
        durations = Collections.unmodifiableMap(new LinkedHashMap<>(durations));
    }

    /**
     * Starts the provenance of a computation that runs now, in this process.
     *
     * @param backend the backend, with its versions
     * @param precision the working precision
     * @param model fingerprint of the model
     * @return a provenance without options, counts and durations
     */
    public static Provenance here(String backend, Precision precision, Optional<String> model) {
        String runtime = "Java " + System.getProperty("java.version") + ", " + System.getProperty("os.name") + " "
                + System.getProperty("os.arch");
        return new Provenance(Version.CURRENT, runtime, backend, precision, model, Map.of(), Map.of(), Map.of());
    }

    /**
     * Adds an option.
     *
     * @param name name of the option
     * @param value its value in words
     * @return a new provenance
     */
    public Provenance withOption(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(options);
        more.put(name, value);
        return new Provenance(libraryVersion, runtime, backend, precision, model, more, counts, durations);
    }

    /**
     * Adds a count.
     *
     * @param name what was counted
     * @param value how many
     * @return a new provenance
     */
    public Provenance withCount(String name, long value) {
        Map<String, Long> more = new LinkedHashMap<>(counts);
        more.put(name, value);
        return new Provenance(libraryVersion, runtime, backend, precision, model, options, more, durations);
    }

    /**
     * Adds the duration of a stage.
     *
     * @param stage name of the stage
     * @param value wall time
     * @return a new provenance
     */
    public Provenance withDuration(String stage, Duration value) {
        Map<String, Duration> more = new LinkedHashMap<>(durations);
        more.put(stage, value);
        return new Provenance(libraryVersion, runtime, backend, precision, model, options, counts, more);
    }

    private static final class Version {
        static final String CURRENT = read();

        private static String read() {
            Properties properties = new Properties();
            try (InputStream in = Provenance.class.getResourceAsStream("version.properties")) {
                if (in == null) {
                    return "unknown";
                }
                properties.load(in);
            } catch (IOException e) {
                throw new UncheckedIOException("version.properties of influence-api", e);
            }
            return properties.getProperty("version", "unknown");
        }
    }
}
