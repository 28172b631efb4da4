package io.github.influence4j.nd4j;

import io.github.influence4j.openblas.internal.IdleThreads;
import io.github.influence4j.openblas.internal.NativeRuntime;
import io.github.influence4j.openblas.internal.OpenBlas;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.environment.Nd4jEnvironment;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner.ExecutionerType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The native libraries of this JVM, loaded once.
 *
 * <p>Only the first attempt to load ND4J tells why it fails (later ones are a NoClassDefFoundError), so the first reason
 * is kept and repeated.
 *
 * @param onHost whether ND4J's arrays lie in host memory
 * @param description versions, kernels and threads
 * @param openBlas what decomposes, and on the host multiplies
 */
record Nd4jRuntime(boolean onHost, String description, OpenBlas openBlas) implements NativeRuntime {

    private static @Nullable Nd4jRuntime loaded;
    private static @Nullable String failure;

    static synchronized Nd4jRuntime load() {
        if (failure != null) {
            throw new IllegalStateException(failure);
        }
        if (loaded == null) {
            try {
                loaded = probe();
            } catch (IllegalStateException e) {
                failure = e.getMessage();
                throw e;
            }
        }
        return loaded;
    }

    private static Nd4jRuntime probe() {
        // ND4J loads OpenBLAS too, and must find the environment set
        IdleThreads.sleepSoon();
        boolean cpu = probeNd4j();
        OpenBlas openBlas = OpenBlas.load();
        String device = cpu ? "on the CPU" : "on CUDA, " + device().get(Nd4jEnvironment.CUDA_DEVICE_NAME_KEY);
        return new Nd4jRuntime(cpu, "ND4J " + nd4jVersion() + " " + device + ", " + openBlas.description(), openBlas);
    }

    /** Bytes that matrices may still take, on the host or on the device of this thread. */
    @Override
    public long availableMemory() {
        return onHost
                ? openBlas.availableMemory()
                : ((Number) device().getOrDefault(Nd4jEnvironment.CUDA_FREE_MEMORY_KEY, 0L)).longValue();
    }

    /** What ND4J knows of the CUDA device that this thread uses. */
    @SuppressWarnings("unchecked") // ND4J keeps it in Properties
    private static Map<String, Object> device() {
        Object devices =
                Nd4j.getExecutioner().getEnvironmentInformation().get(Nd4jEnvironment.CUDA_DEVICE_INFORMATION_KEY);
        return devices == null
                ? Map.of()
                : ((List<Map<String, Object>>) devices)
                        .get(Nd4j.getAffinityManager().getDeviceForCurrentThread());
    }

    private static boolean probeNd4j() {
        // A missing native library or a device that is too new shows only at the first array.
        try (INDArray array = Nd4j.createUninitializedDetached(DataType.FLOAT, 'c', 4)) {
            array.assign(1);
            return Nd4j.getExecutioner().type() == ExecutionerType.NATIVE_CPU;
        } catch (RuntimeException | LinkageError e) {
            throw new IllegalStateException(
                    "ND4J did not start (" + OpenBlas.rootCause(e) + "); it needs nd4j-native or nd4j-cuda-11.6, and"
                            + " org.bytedeco:openblas, with their natives for this platform on the class path",
                    e);
        }
    }

    private static String nd4jVersion() {
        Properties properties = new Properties();
        try (InputStream in = Nd4j.class.getResourceAsStream("/META-INF/maven/org.nd4j/nd4j-api/pom.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            return "of unknown version";
        }
        return properties.getProperty("version", "of unknown version");
    }
}
