package io.github.influence4j.openblas.internal;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * OpenBLAS in this JVM, or MKL in its place, loaded once.
 *
 * <p>Only the first attempt to load a library tells why it fails (later ones are a NoClassDefFoundError), so the first reason
 * is kept and repeated.
 *
 * @param description version, kernels and threads
 */
public record OpenBlas(String description) implements NativeRuntime {

    private static final int[] OLDEST_RIGHT = {0, 3, 31};
    private static final Pattern VERSION = Pattern.compile("OpenBLAS (\\d+)\\.(\\d+)\\.(\\d+)");
    private static final String MANAGE = "import influence-bom into your dependency management, or manage"
            + " org.bytedeco:openblas and org.bytedeco:javacpp with their natives up to 0.3.31-1.5.13 and 1.5.13";

    private static @Nullable OpenBlas loaded;
    private static @Nullable String failure;

    /**
     * Loads OpenBLAS, unless that was done.
     *
     * @return what was loaded
     * @throws IllegalStateException if it is missing or too old, with the reason
     */
    public static synchronized OpenBlas load() {
        if (failure != null) {
            throw new IllegalStateException(failure);
        }
        if (loaded == null) {
            try {
                IdleThreads.sleepSoon();
                loaded = new OpenBlas(probe());
            } catch (IllegalStateException e) {
                failure = e.getMessage();
                throw e;
            }
        }
        return loaded;
    }

    private static String probe() {
        try {
            return BlasLibrary.load().description();
        } catch (LinkageError e) {
            throw new IllegalStateException(
                    "OpenBLAS is missing, or too old to tell its version (" + rootCause(e) + "); it needs"
                            + " org.bytedeco:openblas and org.bytedeco:javacpp" + natives() + "; " + MANAGE,
                    e);
        }
    }

    private static String natives() {
        try {
            return ", each with the classifier " + Loader.getPlatform() + " too";
        } catch (LinkageError e) {
            return ", each with the classifier of this platform too";
        }
    }

    /** Refuses an OpenBLAS that is not known to compute right eigenvectors. */
    static void requireRightVersion(String config) {
        Matcher matcher = VERSION.matcher(config);
        int[] version = matcher.find()
                ? new int[] {
                    Integer.parseInt(matcher.group(1)),
                    Integer.parseInt(matcher.group(2)),
                    Integer.parseInt(matcher.group(3))
                }
                : new int[0];
        if (Arrays.compare(version, OLDEST_RIGHT) < 0) {
            throw new IllegalStateException(
                    "expected OpenBLAS 0.3.31 or later, because older ones compute wrong eigenvectors on some CPUs;"
                            + " found '" + config + "'; " + MANAGE);
        }
    }

    /**
     * Returns the innermost cause in words.
     *
     * @param e what was thrown
     * @return its class and message
     */
    public static String rootCause(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.toString();
    }

    @Override
    public boolean onHost() {
        return true;
    }

    @Override
    public long availableMemory() {
        long limit = Pointer.maxPhysicalBytes() > 0 ? Pointer.maxPhysicalBytes() : Long.MAX_VALUE;
        return Math.max(0, Math.min(Pointer.availablePhysicalBytes(), limit - Pointer.physicalBytes()));
    }
}
