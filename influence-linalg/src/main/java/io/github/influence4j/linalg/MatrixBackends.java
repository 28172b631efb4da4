package io.github.influence4j.linalg;

import io.github.influence4j.api.Precision;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds and starts backends.
 *
 * <p>A backend that is asked for by name, by the caller or by the system property {@value #PROPERTY}, is started or the
 * reason is thrown: nothing else takes its place. Only where none is asked for, the one of the highest priority that works
 * is taken. Every choice is logged once. Pure Java is tens of times slower than BLAS: where it is taken for want of a better one,
 * {@link MatrixBackend#description()}, and with it the provenance of every result, says why.
 */
public final class MatrixBackends {

    /** System property that names the backend to use. */
    public static final String PROPERTY = "influence.backend";

    /** Where our backends are, for those who asked for one that is missing. */
    private static final Map<String, String> ARTIFACTS = Map.of(
            "openblas",
            "influence-openblas",
            "nd4j",
            "influence-nd4j",
            "cuda",
            "influence-cuda",
            "ejml",
            "influence-linalg");

    private static final Logger LOG = LoggerFactory.getLogger(MatrixBackends.class);
    private static final Set<String> ANNOUNCED = ConcurrentHashMap.newKeySet();

    private MatrixBackends() {}

    /**
     * Starts the backend named by the system property {@value #PROPERTY} or, where it is not set, the one of the highest
     * priority that works.
     *
     * @param precision the working precision
     * @return a backend that the caller closes
     * @throws IllegalArgumentException if the property names no backend there is
     * @throws IllegalStateException if the backend asked for cannot start, or none can; with the reasons
     */
    public static MatrixBackend select(Precision precision) {
        String asked = System.getProperty(PROPERTY, "");
        return asked.isEmpty() ? select(precision, providers()) : named(asked, precision);
    }

    /**
     * Starts the backend of a name.
     *
     * @param name for instance {@code openblas} or {@code ejml}
     * @param precision the working precision
     * @return a backend that the caller closes
     * @throws IllegalArgumentException if there is no backend of this name
     * @throws IllegalStateException if it cannot start, with the reason
     */
    public static MatrixBackend named(String name, Precision precision) {
        return named(name, precision, providers());
    }

    static MatrixBackend named(String name, Precision precision, List<MatrixBackendProvider> providers) {
        for (MatrixBackendProvider provider : providers) {
            if (provider.name().equals(name)) {
                return announced(start(provider, p -> p.start(precision)));
            }
        }
        String artifact = ARTIFACTS.get(name);
        throw new IllegalArgumentException("there is no matrix backend '" + name + "' on the class path"
                + (artifact == null ? "" : ": add io.github.influence4j:" + artifact)
                + "; there are: "
                + providers.stream().map(MatrixBackendProvider::name).collect(Collectors.joining(", ")));
    }

    /**
     * Starts the backend in pure Java, which computes in float64 and needs no native library. Who calls this has chosen it; where {@link
     * #select} takes it for want of a better one, its description says why.
     *
     * @return a backend that the caller closes
     */
    public static MatrixBackend pureJava() {
        return named("ejml", Precision.FLOAT64);
    }

    static MatrixBackend select(Precision precision, List<MatrixBackendProvider> providers) {
        List<IllegalStateException> failures = new ArrayList<>();
        for (MatrixBackendProvider provider : providers) {
            try {
                return announced(start(provider, p -> p.startInPlace(precision, reason(providers, failures))));
            } catch (IllegalStateException e) {
                LOG.warn("{}", e.getMessage());
                failures.add(e);
            }
        }
        IllegalStateException none = new IllegalStateException("no matrix backend works in " + precision + ": "
                + failures.stream().map(IllegalStateException::getMessage).collect(Collectors.joining("; "))
                + "; add io.github.influence4j:influence-openblas and the natives of org.bytedeco:openblas and"
                + " org.bytedeco:javacpp for this platform, or ask for FLOAT64, which pure Java computes in");
        failures.forEach(none::addSuppressed);
        throw none;
    }

    private static String reason(List<MatrixBackendProvider> providers, List<IllegalStateException> failures) {
        return failures.isEmpty()
                ? providers.size() == 1 ? "taken because no other matrix backend is on the class path" : ""
                : "taken because "
                        + failures.stream()
                                .map(IllegalStateException::getMessage)
                                .collect(Collectors.joining("; "));
    }

    private static MatrixBackend start(
            MatrixBackendProvider provider, Function<MatrixBackendProvider, MatrixBackend> how) {
        try {
            return how.apply(provider);
        } catch (RuntimeException | LinkageError e) {
            throw new IllegalStateException(
                    "matrix backend '" + provider.name() + "' cannot start: "
                            + (e instanceof IllegalStateException ? e.getMessage() : e.toString()),
                    e);
        }
    }

    private static MatrixBackend announced(MatrixBackend backend) {
        if (ANNOUNCED.add(backend.precision() + backend.description())) {
            LOG.info("matrix backend {} in {}: {}", backend.name(), backend.precision(), backend.description());
        }
        return backend;
    }

    private static List<MatrixBackendProvider> providers() {
        List<MatrixBackendProvider> providers = new ArrayList<>();
        ServiceLoader.load(MatrixBackendProvider.class).forEach(providers::add);
        providers.sort(Comparator.comparingInt(MatrixBackendProvider::priority).reversed());
        return providers;
    }
}
