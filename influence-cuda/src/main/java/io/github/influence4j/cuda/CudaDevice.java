package io.github.influence4j.cuda;

import com.sun.jna.Memory;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import io.github.influence4j.linalg.DeviceMemoryException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A card as this process uses it: one context, one stream on which all work runs in the order in which it was asked for, a pool of
 * memory, and the handles of cuBLAS and cuSOLVER. All backends of a process share it, so that they can work on each other's
 * matrices.
 *
 * <p>Whoever calls a function of CUDA does so within {@link #run}, which makes the context the thread's for that time and lets one
 * thread in at a time. Nearly all calls only queue work, and take microseconds; decompositions and giving memory back wait for the card,
 * and keep others out as long.
 *
 * <p>What is made here stays for the life of the process.
 */
final class CudaDevice {

    /** System property with the number of the card. */
    static final String ORDINAL = "influence.cuda.device";

    /** System property with the most bytes that matrices may take on the card. */
    static final String MEMORY = "influence.cuda.memory";

    /** System property that lets products round their factors to TF32, 10 bits of mantissa. */
    static final String TF32 = "influence.cuda.tf32";

    private static final Logger LOG = LoggerFactory.getLogger(CudaDevice.class);

    /** 7.5, that of Turing, is what the kernels' text is for. */
    private static final int LEAST_CAPABILITY = 75;

    private static final Map<Integer, CudaDevice> DEVICES = new HashMap<>();

    /** Size of CUDA's CUmemPoolProps, and places in it; all else is 0. */
    private static final int POOL_PROPERTIES_BYTES = 88;

    private static final int POOL_ALLOCATION_TYPE = 0;
    private static final int POOL_LOCATION_TYPE = 8;
    private static final int POOL_LOCATION_ID = 12;

    private final long context;
    private final long stream;
    private final long copyStream;
    private final long pool;
    private final long cublas;
    private final int multiprocessors;
    private final String description;
    private final Memory scalars = new Memory(2 * Double.BYTES);
    /** Where the driver writes which context was left; nobody reads it. */
    private final Memory left = new Memory(Long.BYTES);

    private final CudaKernels kernels;
    private @Nullable CudaTransfers transfers;
    private @Nullable CusolverHandle cusolver;
    private long used;

    /** cuSOLVER's handle and parameters; made when first needed, as it takes a second. */
    record CusolverHandle(long handle, long parameters) {}

    private CudaDevice(int ordinal) {
        CudaLibraries.bind();
        Driver.check(Driver.cuInit(0), "the driver cannot start");
        int count = number("counting cards", Driver::cuDeviceGetCount);
        if (ordinal < 0 || ordinal >= count) {
            throw new IllegalStateException("there is no card " + ordinal + ": CUDA sees " + count);
        }
        int device = number("card " + ordinal, value -> Driver.cuDeviceGet(value, ordinal));
        requireUsable(ordinal, device);
        LongByReference address = new LongByReference();
        Driver.check(Driver.cuDevicePrimaryCtxRetain(address, device), "making a context");
        context = address.getValue();
        Driver.check(Driver.cuCtxPushCurrent_v2(context), "entering the context");
        try {
            stream = newStream();
            copyStream = newStream();
            pool = newPool(device);
            Cublas.check(Cublas.cublasCreate_v2(address), "starting cuBLAS");
            cublas = address.getValue();
            Cublas.check(Cublas.cublasSetStream_v2(cublas, stream), "setting the stream");
            boolean tf32 = Boolean.getBoolean(TF32);
            Cublas.check(
                    Cublas.cublasSetMathMode(cublas, tf32 ? Cublas.TF32_MATH : Cublas.DEFAULT_MATH),
                    "setting the math mode");
            multiprocessors = attribute(device, Driver.MULTIPROCESSORS);
            kernels = new CudaKernels(this);
            description = describe(device, tf32);
        } finally {
            leave();
        }
    }

    /** Refuses cards that the kernels' text or the pool of memory cannot serve, before anything is made there. */
    private static void requireUsable(int ordinal, int device) {
        int major = attribute(device, Driver.CAPABILITY_MAJOR);
        int minor = attribute(device, Driver.CAPABILITY_MINOR);
        if (10 * major + minor < LEAST_CAPABILITY) {
            throw new IllegalStateException(
                    "card " + ordinal + " has compute capability " + major + "." + minor + ", 7.5 is needed");
        }
        if (attribute(device, Driver.MEMORY_POOLS_SUPPORTED) == 0) {
            throw new IllegalStateException(
                    "card " + ordinal + " or its driver has no memory pools, CUDA 11.2 is needed");
        }
    }

    /**
     * Returns the card that the system properties name.
     *
     * @throws IllegalStateException if it or its libraries are missing, with the reason
     */
    static CudaDevice get() {
        synchronized (DEVICES) {
            int ordinal = Integer.getInteger(ORDINAL, 0);
            CudaDevice device = DEVICES.get(ordinal);
            if (device == null) {
                device = new CudaDevice(ordinal);
                DEVICES.put(ordinal, device);
            }
            return device;
        }
    }

    private String describe(int device, boolean tf32) {
        byte[] name = new byte[256];
        Driver.check(Driver.cuDeviceGetName(name, name.length, device), "asking for the card's name");
        int length = 0;
        while (length < name.length && name[length] != 0) {
            length++;
        }
        int driver = number("asking for the driver's version", Driver::cuDriverGetVersion);
        int blas = number("asking for cuBLAS's version", value -> Cublas.cublasGetVersion_v2(cublas, value));
        return "CUDA on " + new String(name, 0, length, StandardCharsets.UTF_8) + " (compute capability "
                + attribute(device, Driver.CAPABILITY_MAJOR) + "." + attribute(device, Driver.CAPABILITY_MINOR)
                + "), driver for CUDA " + driver / 1000 + "." + driver % 1000 / 10 + ", cuBLAS " + blas
                + (tf32 ? ", TF32" : "");
    }

    private interface NumberCall {
        int into(IntByReference value);
    }

    private static int number(String what, NumberCall call) {
        IntByReference value = new IntByReference();
        Driver.check(call.into(value), what);
        return value.getValue();
    }

    private static int attribute(int device, int attribute) {
        return number("asking for an attribute", value -> Driver.cuDeviceGetAttribute(value, attribute, device));
    }

    private static long newStream() {
        LongByReference stream = new LongByReference();
        Driver.check(Driver.cuStreamCreate(stream, Driver.STREAM_NON_BLOCKING), "making a stream");
        return stream.getValue();
    }

    /** A pool of this process's own that keeps what is freed: taking and giving back memory then costs microseconds. */
    private static long newPool(int device) {
        LongByReference pool = new LongByReference();
        try (Memory properties = new Memory(POOL_PROPERTIES_BYTES)) {
            properties.clear();
            properties.setInt(POOL_ALLOCATION_TYPE, 1);
            properties.setInt(POOL_LOCATION_TYPE, 1);
            properties.setInt(POOL_LOCATION_ID, device);
            Driver.check(Driver.cuMemPoolCreate(pool, properties), "making a pool of memory");
        }
        LongByReference all = new LongByReference(-1L);
        Driver.check(
                Driver.cuMemPoolSetAttribute(pool.getValue(), Driver.POOL_RELEASE_THRESHOLD, all),
                "setting the pool's threshold");
        return pool.getValue();
    }

    /** Runs calls of CUDA, alone. */
    synchronized void run(Runnable calls) {
        runBeside(calls);
    }

    /** Runs calls of CUDA that only wait, which must not keep others out. The thread's context is what it was afterwards. */
    void runBeside(Runnable calls) {
        Driver.check(Driver.cuCtxPushCurrent_v2(context), "entering the context");
        try {
            calls.run();
        } finally {
            leave();
        }
    }

    private void leave() {
        Driver.cuCtxPopCurrent_v2(left);
    }

    /** Waits until all work asked for is done. */
    void synchronize(String operation) {
        Driver.check(Driver.cuStreamSynchronize(stream), operation);
    }

    long stream() {
        return stream;
    }

    long copyStream() {
        return copyStream;
    }

    long cublas() {
        return cublas;
    }

    /** Only within {@link #run}. */
    CusolverHandle cusolver() {
        if (cusolver == null) {
            LongByReference handle = new LongByReference();
            Cusolver.check(Cusolver.cusolverDnCreate(handle), "starting cuSOLVER");
            Cusolver.check(Cusolver.cusolverDnSetStream(handle.getValue(), stream), "setting the stream");
            LongByReference parameters = new LongByReference();
            Cusolver.check(Cusolver.cusolverDnCreateParams(parameters), "making cuSOLVER's parameters");
            cusolver = new CusolverHandle(handle.getValue(), parameters.getValue());
        }
        return cusolver;
    }

    CudaKernels kernels() {
        return kernels;
    }

    synchronized CudaTransfers transfers() {
        if (transfers == null) {
            transfers = new CudaTransfers(this);
        }
        return transfers;
    }

    int multiprocessors() {
        return multiprocessors;
    }

    String description() {
        return description;
    }

    /** Memory for two numbers that a call reads before it returns; only within {@link #run}. */
    Memory scalars() {
        return scalars;
    }

    /**
     * Takes memory, whose content is undefined.
     *
     * @param what what it is for, with sizes
     * @throws DeviceMemoryException if there is not enough
     */
    synchronized long allocate(long bytes, String what) {
        LongByReference address = new LongByReference();
        runBeside(() -> {
            int status = Driver.OUT_OF_MEMORY;
            if (bytes <= limit() - used) {
                status = Driver.cuMemAllocFromPoolAsync(address, bytes, pool, stream);
                if (status == Driver.OUT_OF_MEMORY) {
                    // what is kept may be in pieces that are too small
                    trim();
                    status = Driver.cuMemAllocFromPoolAsync(address, bytes, pool, stream);
                }
            }
            if (status == Driver.OUT_OF_MEMORY) {
                throw new DeviceMemoryException(what, bytes, availableMemory(), description);
            }
            Driver.check(status, "taking " + bytes + " bytes for " + what);
            used += bytes;
        });
        return address.getValue();
    }

    /**
     * Gives memory back once the work asked for so far is done with it. Whatever goes wrong is written to the log: this is called
     * where something else went wrong already.
     */
    synchronized void free(long address, long bytes) {
        used -= bytes;
        try {
            runBeside(() -> Driver.check(Driver.cuMemFreeAsync(address, stream), "freeing " + bytes + " bytes"));
        } catch (IllegalStateException e) {
            LOG.warn("{}", e.getMessage());
        }
    }

    /** Gives the memory that is kept back to the card, when all work asked for is done. */
    synchronized void trim() {
        runBeside(() -> {
            synchronize("waiting before memory is given back");
            Driver.check(Driver.cuMemPoolTrimTo(pool, 0), "giving back memory");
        });
    }

    /** Bytes that matrices may still take: what the card has free and what the pool keeps. */
    synchronized long availableMemory() {
        LongByReference free = new LongByReference();
        LongByReference total = new LongByReference();
        long[] kept = new long[1];
        runBeside(() -> {
            Driver.check(Driver.cuMemGetInfo_v2(free, total), "asking for free memory");
            kept[0] = poolBytes(Driver.POOL_RESERVED) - poolBytes(Driver.POOL_USED);
        });
        return Math.max(0, Math.min(free.getValue() + kept[0], limit() - used));
    }

    private static long limit() {
        return Long.getLong(MEMORY, Long.MAX_VALUE);
    }

    /** Bytes that matrices take. */
    synchronized long used() {
        return used;
    }

    private long poolBytes(int attribute) {
        LongByReference bytes = new LongByReference();
        Driver.check(Driver.cuMemPoolGetAttribute(pool, attribute, bytes), "asking for the pool's size");
        return bytes.getValue();
    }
}
