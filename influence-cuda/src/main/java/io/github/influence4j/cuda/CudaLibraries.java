package io.github.influence4j.cuda;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.ptr.IntByReference;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;

/**
 * Finds the driver, cuBLAS and cuSOLVER that the user has installed and binds {@link Driver}, {@link Cublas} and {@link Cusolver}
 * to them, once for the process.
 *
 * <p>The system property {@value #PATH} names the folders to search, like a class path; without it these are {@code
 * CUDA_HOME/lib64}, {@code CUDA_PATH/lib64} and {@code /usr/local/cuda*}{@code /lib64}, and then wherever the system's loader
 * looks ({@code LD_LIBRARY_PATH}, {@code ldconfig}).
 */
final class CudaLibraries {

    /** System property with the folders of the CUDA libraries. */
    static final String PATH = "influence.cuda.path";

    private static final String DRIVER = "libcuda.so.1";

    /** Libraries that belong together, newest first. */
    private static final List<Release> RELEASES = List.of(
            new Release(
                    13,
                    "libcublas.so.13",
                    "libcusolver.so.12",
                    List.of("libcublasLt.so.13", "libnvJitLink.so.13", "libcusparse.so.12")),
            new Release(
                    12,
                    "libcublas.so.12",
                    "libcusolver.so.11",
                    List.of("libcublasLt.so.12", "libnvJitLink.so.12", "libcusparse.so.12")),
            new Release(11, "libcublas.so.11", "libcusolver.so.11", List.of("libcublasLt.so.11", "libcusparse.so.11")));

    /**
     * A release of CUDA.
     *
     * @param major its first number; a driver serves it and those before it
     * @param cublas file of cuBLAS
     * @param cusolver file of cuSOLVER
     * @param needed what these need and may not find by themselves where the loader does not look
     */
    private record Release(int major, String cublas, String cusolver, List<String> needed) {}

    private static boolean bound;

    private CudaLibraries() {}

    /**
     * Binds the functions, if that was not done before.
     *
     * @throws IllegalStateException if a library is missing or too old, with its name and where it was looked for
     */
    static synchronized void bind() {
        if (bound) {
            return;
        }
        if (!Platform.isLinux() || !Platform.is64Bit()) {
            throw new IllegalStateException("needs 64-bit Linux, found " + System.getProperty("os.name") + " on "
                    + System.getProperty("os.arch"));
        }
        List<Path> folders = folders();
        List<String> failures = new ArrayList<>();
        NativeLibrary driver = open(DRIVER, folders, failures)
                .orElseThrow(() -> missing("the NVIDIA driver (" + DRIVER + ")", folders, failures));
        bind(driver, Driver::bind);
        IntByReference version = new IntByReference();
        Driver.check(Driver.cuDriverGetVersion(version), "asking for the driver's version");
        int major = version.getValue() / 1000;
        for (Release release : RELEASES) {
            if (release.major() <= major && bind(release, folders, failures)) {
                bound = true;
                return;
            }
        }
        throw missing("cuBLAS and cuSOLVER of CUDA 11 to 13, at most the driver's " + major + ",", folders, failures);
    }

    private static boolean bind(Release release, List<Path> folders, List<String> failures) {
        for (String name : release.needed()) {
            // where they are found by themselves, nothing is lost
            open(name, folders, new ArrayList<>());
        }
        Optional<NativeLibrary> cublas = open(release.cublas(), folders, failures);
        Optional<NativeLibrary> cusolver =
                cublas.isPresent() ? open(release.cusolver(), folders, failures) : Optional.empty();
        if (cusolver.isEmpty()) {
            return false;
        }
        bind(cublas.orElseThrow(), Cublas::bind);
        bind(cusolver.orElseThrow(), Cusolver::bind);
        return true;
    }

    private static void bind(NativeLibrary library, Consumer<NativeLibrary> functions) {
        try {
            functions.accept(library);
        } catch (UnsatisfiedLinkError e) {
            throw new IllegalStateException(
                    library.getFile() + " lacks a function, CUDA 11.2 to 13 is needed: " + e.getMessage(), e);
        }
    }

    private static Optional<NativeLibrary> open(String name, List<Path> folders, List<String> failures) {
        for (Path folder : folders) {
            Path file = folder.resolve(name);
            if (Files.exists(file)) {
                try {
                    return Optional.of(NativeLibrary.getInstance(file.toString()));
                } catch (UnsatisfiedLinkError e) {
                    failures.add(firstLine(e));
                }
            }
        }
        try {
            return Optional.of(NativeLibrary.getInstance(name));
        } catch (UnsatisfiedLinkError e) {
            failures.add(firstLine(e));
            return Optional.empty();
        }
    }

    private static IllegalStateException missing(String what, List<Path> folders, List<String> failures) {
        return new IllegalStateException(what + " was not found in " + folders + " or by the system's loader; -D" + PATH
                + "=FOLDER names its folder; " + String.join("; ", failures));
    }

    private static String firstLine(UnsatisfiedLinkError e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    private static List<Path> folders() {
        List<Path> folders = new ArrayList<>();
        String asked = System.getProperty(PATH, "");
        if (!asked.isEmpty()) {
            for (String folder : asked.split(File.pathSeparator, -1)) {
                folders.add(Path.of(folder));
            }
            return folders;
        }
        for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
            String home = System.getenv(variable);
            if (home != null) {
                folders.add(Path.of(home, "lib64"));
            }
        }
        Path installed = Path.of("/usr/local");
        if (Files.isDirectory(installed)) {
            try (DirectoryStream<Path> found = Files.newDirectoryStream(installed, "cuda*")) {
                // "cuda" first, which is where the user's choice is linked
                StreamSupport.stream(found.spliterator(), false)
                        .sorted()
                        .forEach(folder -> folders.add(folder.resolve("lib64")));
            } catch (IOException e) {
                throw new IllegalStateException("cannot list " + installed, e);
            }
        }
        return folders;
    }
}
