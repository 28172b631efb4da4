package io.github.influence4j.openblas.internal;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes OpenBLAS's threads sleep soon after a call. By themselves they spin for some 20 to 100 ms after it, each on a core of
 * its own, and what Java divides among the cores in the meantime gets half of those.
 *
 * <p>OpenBLAS reads how long from the environment when it is loaded, so this must come before; it has no function for it.
 * A value that the user has set stays. On Windows its threads do not spin.
 */
public final class IdleThreads {

    private static final Logger LOG = LoggerFactory.getLogger(IdleThreads.class);

    /** Binary logarithm of the clock cycles for which an idle thread spins. */
    static final String VARIABLE = "OPENBLAS_THREAD_TIMEOUT";

    /** 20 to 30 µs: longer than from one product to the next of a chain, shorter than anything that Java divides. */
    private static final String TIMEOUT = "16";

    /** Of the C library. */
    interface Environment extends Library {
        int setenv(String name, String value, int overwrite);

        String getenv(String name);
    }

    private IdleThreads() {}

    /** Sets the variable, unless it is set or there is no such function; that costs time only, so nothing is refused. */
    public static void sleepSoon() {
        try {
            if (!Platform.isWindows()) {
                environment().setenv(VARIABLE, TIMEOUT, 0);
            }
        } catch (LinkageError e) {
            LOG.info("OpenBLAS's threads spin when they are idle: {} cannot be set", VARIABLE, e);
        }
    }

    /** The C library's environment, of which {@link System#getenv} is a copy. */
    static Environment environment() {
        return Native.load(Environment.class);
    }
}
