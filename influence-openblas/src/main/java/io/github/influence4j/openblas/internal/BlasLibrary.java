package io.github.influence4j.openblas.internal;

import com.sun.jna.Function;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_full;
import org.jspecify.annotations.Nullable;

/**
 * The BLAS and LAPACK that this process has loaded: OpenBLAS, or Intel's MKL in its place, which bytedeco's classes for OpenBLAS then
 * call under the same names. What only one of the two has is called here; to call it on the other ends the process.
 */
abstract class BlasLibrary implements BlasThreads {

    /** System property that says which: {@code openblas}, which is the default, or {@code mkl}. */
    static final String PROPERTY = "influence.openblas.library";

    /** System property that says how many threads the library has, for programs that cannot set its environment. */
    static final String THREADS_PROPERTY = "influence.openblas.threads";

    /** The property by which bytedeco's loader is told. */
    private static final String LOADER_PROPERTY = "org.bytedeco.openblas.load";

    private static final String OPENBLAS = "openblas";
    private static final String MKL = "mkl";

    private static @Nullable BlasLibrary loaded;

    /** Version, kernels and threads. */
    abstract String description();

    /**
     * Loads the library that is asked for, unless one is loaded.
     *
     * @throws IllegalStateException if it is not there
     * @throws LinkageError if there is none, or no JavaCPP
     */
    static synchronized BlasLibrary load() {
        if (loaded == null) {
            String asked = System.getProperty(PROPERTY, "").toLowerCase(Locale.ROOT);
            if (!asked.isEmpty() && !asked.equals(OPENBLAS) && !asked.equals(MKL)) {
                throw new IllegalStateException(
                        "-D" + PROPERTY + ": expected " + OPENBLAS + " or " + MKL + ", found '" + asked + "'");
            }
            String threads = System.getProperty(THREADS_PROPERTY, "");
            if (!threads.matches("([1-9][0-9]{0,3})?")) {
                throw new IllegalStateException(
                        "-D" + THREADS_PROPERTY + ": expected a number from 1 on, found '" + threads + "'");
            }
            if (asked.equals(MKL) && System.getProperty(LOADER_PROPERTY) == null) {
                System.setProperty(LOADER_PROPERTY, MKL);
            }
            Loader.load(openblas_full.class);
            // not by what MKL has: PyTorch has a part of it too, and shows it to the whole process
            boolean mkl = Loader.addressof("openblas_get_num_threads") == null;
            if (mkl ? asked.equals(OPENBLAS) : asked.equals(MKL)) {
                throw new IllegalStateException("-D" + PROPERTY + "=" + asked + ", but the process has loaded "
                        + (mkl
                                ? "MKL, which -D" + LOADER_PROPERTY + " asks for"
                                : "OpenBLAS: either another library loaded it"
                                        + " before, or MKL is missing; add org.bytedeco:mkl:2025.3-1.5.13 with the classifier "
                                        + Loader.getPlatform() + "-redist"));
            }
            loaded = mkl ? new Mkl() : new OpenBlasItself();
            if (!threads.isEmpty()) {
                loaded.set(Integer.parseInt(threads));
            }
        }
        return loaded;
    }

    private static final class OpenBlasItself extends BlasLibrary {

        @Override
        String description() {
            String config = openblas_full.openblas_get_config().getString();
            OpenBlas.requireRightVersion(config);
            return config.split(" DYNAMIC_ARCH| NO_", 2)[0].strip() + " ("
                    + openblas_full.openblas_get_corename().getString() + " kernels, " + get() + " threads)";
        }

        @Override
        public int get() {
            return openblas_full.openblas_get_num_threads();
        }

        @Override
        public void set(int threads) {
            openblas_full.openblas_set_num_threads(threads);
        }
    }

    /** By addresses, for which bytedeco's 23 MB of bindings to MKL are not needed. */
    private static final class Mkl extends BlasLibrary {

        private final Function getThreads = function("MKL_Get_Max_Threads");
        private final Function setThreads = function("MKL_Set_Num_Threads");

        Mkl() {
            // as many as it is told to, whatever it thinks of the load: how many decides how sums are rounded
            function("MKL_Set_Dynamic").invokeVoid(new Object[] {0});
        }

        private static Function function(String name) {
            Pointer address = Loader.addressof(name);
            if (address == null) {
                throw new IllegalStateException("the MKL that was loaded has no function " + name);
            }
            return Function.getFunction(new com.sun.jna.Pointer(address.address()));
        }

        @Override
        String description() {
            byte[] version = new byte[256];
            function("MKL_Get_Version_String").invokeVoid(new Object[] {version, version.length});
            int length = 0;
            while (length < version.length && version[length] != 0) {
                length++;
            }
            return "MKL in the place of OpenBLAS (" + new String(version, 0, length, StandardCharsets.US_ASCII).strip()
                    + ", " + get() + " threads)";
        }

        @Override
        public int get() {
            return getThreads.invokeInt(new Object[0]);
        }

        @Override
        public void set(int threads) {
            setThreads.invokeVoid(new Object[] {threads});
        }
    }
}
