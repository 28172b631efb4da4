package io.github.influence4j.spark;

import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.TaskContext;

/** What the tasks of one JVM share. */
final class ExecutorJvm {

    /** Models, by their factories. */
    static final Loans<GradientProvider<?>> PROVIDERS = Loans.of(true);

    /** Read by the backend openblas when it loads its library. */
    private static final String THREADS = "influence.openblas.threads";

    private static final Map<Precision, MatrixBackend> BACKENDS = new EnumMap<>(Precision.class);
    private static final Map<String, Object> OPENED = new ConcurrentHashMap<>();

    private ExecutorJvm() {}

    /** The backend of this JVM, with as many threads as a task has cores; open as long as the JVM. */
    static synchronized MatrixBackend backend(Precision precision) {
        if (System.getProperty(THREADS) == null && System.getenv("OPENBLAS_NUM_THREADS") == null) {
            System.setProperty(THREADS, Integer.toString(TaskContext.get().cpus()));
        }
        return BACKENDS.computeIfAbsent(precision, MatrixBackends::select);
    }

    /** Opens something small at its first use, for as long as the JVM lives. */
    @SuppressWarnings("unchecked") // a key has one type
    static <T> T once(String key, Loans.Opener<T> opener) throws IOException {
        try {
            return (T) OPENED.computeIfAbsent(key, name -> {
                try {
                    return reading(name, opener);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /** Opens something, and says where it was looked for if it is not there. */
    static <T> T reading(String what, Loans.Opener<T> opener) throws IOException {
        try {
            return opener.open();
        } catch (NoSuchFileException | AccessDeniedException e) {
            throw notHere(what, e.getFile(), e);
        }
    }

    /** For a path that this JVM does not see. */
    static IllegalArgumentException notHere(String what, String path, Exception cause) {
        return new IllegalArgumentException(
                what + ": " + path + " is not on the machine " + host() + ", or cannot be read there; give a path that"
                        + " every machine of the cluster sees, such as one of a shared file system",
                cause);
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "of the executor";
        }
    }
}
