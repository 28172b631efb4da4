package io.github.influence4j.cuda;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

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

    private static final List<String> DRIVER = List.of("libcuda.so.1");
    /** Newest first. cuSOLVER 12 belongs to CUDA 13, 11 to CUDA 11 and 12. */
    private static final List<String> CUBLAS = List.of("libcublas.so.13", "libcublas.so.12", "libcublas.so.11");

    private static final List<String> CUSOLVER = List.of("libcusolver.so.12", "libcusolver.so.11");

    /** What cuBLAS and cuSOLVER need and may not find by themselves when they are not where the loader looks. */
    private static final List<String> NEEDED = List.of(
            "libcublasLt.so.13",
            "libcublasLt.so.12",
            "libcublasLt.so.11",
            "libnvJitLink.so.13",
            "libnvJitLink.so.12",
            "libcusparse.so.12",
            "libcusparse.so.11");

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
        bind("the NVIDIA driver", DRIVER, folders, Driver::bind);
        preload(folders);
        bind("cuBLAS", CUBLAS, folders, Cublas::bind);
        bind("cuSOLVER", CUSOLVER, folders, Cusolver::bind);
        bound = true;
    }

    private static void bind(String what, List<String> names, List<Path> folders, Consumer<NativeLibrary> functions) {
        NativeLibrary library = open(what, names, folders);
        try {
            functions.accept(library);
        } catch (UnsatisfiedLinkError e) {
            throw new IllegalStateException(
                    library.getFile() + " lacks a function, CUDA 11.2 to 13 is needed: " + e.getMessage(), e);
        }
    }

    private static NativeLibrary open(String what, List<String> names, List<Path> folders) {
        List<String> failures = new ArrayList<>();
        for (String name : names) {
            for (Path folder : folders) {
                Path file = folder.resolve(name);
                if (Files.exists(file)) {
                    try {
                        return NativeLibrary.getInstance(file.toString());
                    } catch (UnsatisfiedLinkError e) {
                        failures.add(firstLine(e));
                    }
                }
            }
        }
        for (String name : names) {
            try {
                return NativeLibrary.getInstance(name);
            } catch (UnsatisfiedLinkError e) {
                failures.add(firstLine(e));
            }
        }
        throw new IllegalStateException(what + " (" + String.join(" or ", names) + ") was not found in " + folders
                + " or by the system's loader; -D" + PATH + "=FOLDER names its folder; " + String.join("; ", failures));
    }

    private static String firstLine(UnsatisfiedLinkError e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    private static void preload(List<Path> folders) {
        for (String name : NEEDED) {
            for (Path folder : folders) {
                Path file = folder.resolve(name);
                if (Files.exists(file)) {
                    NativeLibrary.getInstance(file.toString());
                    break;
                }
            }
        }
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
                found.forEach(folder -> folders.add(folder.resolve("lib64")));
            } catch (IOException e) {
                throw new IllegalStateException("cannot list " + installed, e);
            }
        }
        return folders;
    }
}
