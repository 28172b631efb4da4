package io.github.influence4j.benchmarks;

import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.bytedeco.openblas.global.openblas_full;

/**
 * Where a measurement was taken.
 *
 * @param cpu model of the processor
 * @param cores cores that the JVM sees
 * @param jdk version of Java
 * @param backend libraries and kernels
 * @param blasCore OpenBLAS's choice of kernels, empty where the backend does without
 * @param loadAverage of the last minute at the start, negative where the system does not tell
 * @param time start
 */
record Machine(String cpu, int cores, String jdk, String backend, String blasCore, double loadAverage, String time) {

    static Machine here(MatrixBackend backend) {
        return new Machine(
                cpuModel(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.vendor") + " " + System.getProperty("java.version"),
                backend.description(),
                backend.name().equals("openblas")
                        ? openblas_full.openblas_get_corename().getString()
                        : "",
                ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    }

    private static String cpuModel() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException e) {
            return System.getProperty("os.arch"); // not Linux
        }
    }
}
