package io.github.influence4j.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;

/**
 * Where a result came from: enough to repeat it, and to notice that two results cannot be compared.
 */
public final class Provenance {

    private final String libraryVersion;
    private final String runtime;
    private final String backend;
    private final Precision precision;
    private final Optional<String> model;
    private final Map<String, String> options;
    private final Map<String, Long> counts;
    private final Map<String, Duration> durations;

    private Provenance(
            String libraryVersion,
            String runtime,
            String backend,
            Precision precision,
            Optional<String> model,
            Map<String, String> options,
            Map<String, Long> counts,
            Map<String, Duration> durations) {
        options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
        counts = Collections.unmodifiableMap(new LinkedHashMap<>(counts));
        durations = Collections.unmodifiableMap(new LinkedHashMap<>(durations));
        this.libraryVersion = libraryVersion;
        this.runtime = runtime;
        this.backend = backend;
        this.precision = precision;
        this.model = model;
        this.options = options;
        this.counts = counts;
        this.durations = durations;
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
     * Starts the provenance of a computation that ran elsewhere, as it was written down.
     *
     * @param libraryVersion version of influence4j
     * @param runtime Java version, operating system and architecture
     * @param backend the backend that computed, with its own versions
     * @param precision the working precision
     * @return a provenance without model, options, counts and durations
     */
    public static Provenance of(String libraryVersion, String runtime, String backend, Precision precision) {
        return new Provenance(
                libraryVersion, runtime, backend, precision, Optional.empty(), Map.of(), Map.of(), Map.of());
    }

    /**
     * Names another model, or none.
     *
     * @param value fingerprint of the weights; empty where there is none, or there are several
     * @return a new provenance
     */
    public Provenance withModel(Optional<String> value) {
        return new Provenance(libraryVersion, runtime, backend, precision, value, options, counts, durations);
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

    /**
     * Returns version of influence4j.
     *
     * @return version of influence4j
     */
    public String libraryVersion() {
        return libraryVersion;
    }

    /**
     * Returns java version, operating system and architecture.
     *
     * @return Java version, operating system and architecture
     */
    public String runtime() {
        return runtime;
    }

    /**
     * Returns the backend that computed, with its own versions.
     *
     * @return the backend that computed, with its own versions
     */
    public String backend() {
        return backend;
    }

    /**
     * Returns the working precision.
     *
     * @return the working precision
     */
    public Precision precision() {
        return precision;
    }

    /**
     * Returns fingerprint of the weights, where the host gives one.
     *
     * @return fingerprint of the weights, where the host gives one
     */
    public Optional<String> model() {
        return model;
    }

    /**
     * Returns the options in force, seeds among them.
     *
     * @return the options in force, seeds among them
     */
    public Map<String, String> options() {
        return options;
    }

    /**
     * Returns examples and positions that were used.
     *
     * @return examples and positions that were used
     */
    public Map<String, Long> counts() {
        return counts;
    }

    /**
     * Returns wall time of each stage.
     *
     * @return wall time of each stage
     */
    public Map<String, Duration> durations() {
        return durations;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Provenance that
                && libraryVersion.equals(that.libraryVersion)
                && runtime.equals(that.runtime)
                && backend.equals(that.backend)
                && precision.equals(that.precision)
                && model.equals(that.model)
                && options.equals(that.options)
                && counts.equals(that.counts)
                && durations.equals(that.durations);
    }

    @Override
    public int hashCode() {
        return Objects.hash(libraryVersion, runtime, backend, precision, model, options, counts, durations);
    }

    @Override
    public String toString() {
        return "Provenance[libraryVersion=" + libraryVersion + ", runtime=" + runtime + ", backend=" + backend
                + ", precision=" + precision + ", model=" + model + ", options=" + options + ", counts=" + counts
                + ", durations=" + durations + "]";
    }
}
