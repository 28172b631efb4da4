package io.github.influence4j.linalg.nd4j;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas_full;
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
 * @param cpu whether ND4J's arrays lie in host memory
 * @param description versions, kernels and threads
 */
record Nd4jRuntime(boolean cpu, String description) {

    private static final int[] OLDEST_RIGHT_OPENBLAS = {0, 3, 31};
    private static final Pattern VERSION = Pattern.compile("OpenBLAS (\\d+)\\.(\\d+)\\.(\\d+)");
    private static final String MANAGE_OPENBLAS = "import influence-bom into your dependency management, or manage"
            + " org.bytedeco:openblas and org.bytedeco:javacpp with their natives up to 0.3.31-1.5.13 and 1.5.13";

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
        IdleThreads.sleepSoon();
        boolean cpu = probeNd4j();
        String openBlas = probeOpenBlas();
        String device = cpu ? "on the CPU" : "on CUDA, " + device().get(Nd4jEnvironment.CUDA_DEVICE_NAME_KEY);
        return new Nd4jRuntime(cpu, "ND4J " + nd4jVersion() + " " + device + ", " + openBlas);
    }

    /** Bytes that matrices may still take, on the host or on the device of this thread. */
    long availableMemory() {
        if (cpu) {
            long limit = Pointer.maxPhysicalBytes() > 0 ? Pointer.maxPhysicalBytes() : Long.MAX_VALUE;
            return Math.max(0, Math.min(Pointer.availablePhysicalBytes(), limit - Pointer.physicalBytes()));
        }
        return ((Number) device().getOrDefault(Nd4jEnvironment.CUDA_FREE_MEMORY_KEY, 0L)).longValue();
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
                    "ND4J did not start (" + rootCause(e) + "); it needs nd4j-native or nd4j-cuda-11.6, and"
                            + " org.bytedeco:openblas, with their natives for this platform on the class path",
                    e);
        }
    }

    private static String probeOpenBlas() {
        try {
            String config = openblas_full.openblas_get_config().getString();
            requireRightVersion(config);
            return config.split(" DYNAMIC_ARCH| NO_", 2)[0].strip() + " ("
                    + openblas_full.openblas_get_corename().getString() + " kernels, "
                    + openblas_full.openblas_get_num_threads() + " threads)";
        } catch (LinkageError e) {
            throw new IllegalStateException(
                    "OpenBLAS is missing or too old to tell its version (" + rootCause(e) + "); " + MANAGE_OPENBLAS, e);
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
        if (Arrays.compare(version, OLDEST_RIGHT_OPENBLAS) < 0) {
            throw new IllegalStateException(
                    "expected OpenBLAS 0.3.31 or later, because older ones compute wrong eigenvectors on some CPUs;"
                            + " found '" + config + "'; " + MANAGE_OPENBLAS);
        }
    }

    private static String rootCause(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.toString();
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
