package io.github.influence4j.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_full;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Puts a stand-in on the CPU in the place of the CUDA libraries, so that everything but the card is tested where there is none. With
 * {@code -Dinfluence.test.card} the tests run on the card instead. Without a C++ compiler they are skipped.
 */
public final class StandIn implements LauncherSessionListener {

    private static final Path FOLDER = Path.of("target", "standin");

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        if (System.getProperty("influence.test.card") != null) {
            return;
        }
        try {
            // the stand-in takes its numbers from the OpenBLAS that the process has loaded
            Loader.load(openblas_full.class);
            Files.createDirectories(FOLDER);
            Path library = FOLDER.resolve("libcuda.so.1");
            String failure = compile(library);
            if (!failure.isEmpty()) {
                System.setProperty("influence.test.skip", "the stand-in for CUDA cannot be compiled: " + failure);
                return;
            }
            for (String name : List.of("libcublas.so.13", "libcusolver.so.12")) {
                // a link, not a copy: the three must be one library, with one memory
                Path link = FOLDER.resolve(name);
                Files.deleteIfExists(link);
                Files.createSymbolicLink(link, library.getFileName());
            }
            System.setProperty(CudaLibraries.PATH, FOLDER.toAbsolutePath().toString());
        } catch (IOException e) {
            throw new IllegalStateException("cannot write the stand-in for CUDA", e);
        }
    }

    /** Returns what is wrong, or nothing. */
    private static String compile(Path library) throws IOException {
        Path log = FOLDER.resolve("g++.log");
        try {
            int status = new ProcessBuilder(
                            "g++",
                            "-O2",
                            "-std=c++17",
                            "-shared",
                            "-fPIC",
                            "-o",
                            library.toString(),
                            "src/test/native/standin.cpp",
                            "-ldl")
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new IllegalStateException("g++ refused the stand-in for CUDA: " + Files.readString(log));
            }
            return "";
        } catch (IOException e) {
            return "there is no g++: " + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "interrupted";
        }
    }
}
