package io.github.influence4j.cuda;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import io.github.influence4j.linalg.DeviceMemoryException;

/**
 * The functions of CUDA's driver that are used, under NVIDIA's names. Device addresses, sizes and handles are {@code long}; every
 * function returns a status.
 */
final class Driver {

    static final int SUCCESS = 0;
    static final int OUT_OF_MEMORY = 2;

    static final int MULTIPROCESSORS = 16;
    static final int CAPABILITY_MAJOR = 75;
    static final int CAPABILITY_MINOR = 76;
    static final int MEMORY_POOLS_SUPPORTED = 115;

    static final int POOL_RELEASE_THRESHOLD = 4;
    static final int POOL_RESERVED = 5;
    static final int POOL_USED = 7;

    static final int STREAM_NON_BLOCKING = 1;
    static final int EVENT_DISABLE_TIMING = 2;

    private Driver() {}

    static void bind(NativeLibrary library) {
        com.sun.jna.Native.register(Driver.class, library);
    }

    static native int cuInit(int flags);

    static native int cuDriverGetVersion(IntByReference version);

    static native int cuDeviceGetCount(IntByReference count);

    static native int cuDeviceGet(IntByReference device, int ordinal);

    static native int cuDeviceGetName(byte[] name, int length, int device);

    static native int cuDeviceGetAttribute(IntByReference value, int attribute, int device);

    static native int cuDevicePrimaryCtxRetain(LongByReference context, int device);

    static native int cuCtxPushCurrent_v2(long context);

    static native int cuCtxPopCurrent_v2(Pointer context);

    static native int cuStreamCreate(LongByReference stream, int flags);

    static native int cuStreamSynchronize(long stream);

    static native int cuStreamWaitEvent(long stream, long event, int flags);

    static native int cuEventCreate(LongByReference event, int flags);

    static native int cuEventRecord(long event, long stream);

    static native int cuEventSynchronize(long event);

    static native int cuMemGetInfo_v2(LongByReference free, LongByReference total);

    static native int cuMemPoolCreate(LongByReference pool, Pointer properties);

    static native int cuMemPoolSetAttribute(long pool, int attribute, LongByReference value);

    static native int cuMemPoolGetAttribute(long pool, int attribute, LongByReference value);

    static native int cuMemPoolTrimTo(long pool, long bytesToKeep);

    static native int cuMemAllocFromPoolAsync(LongByReference address, long bytes, long pool, long stream);

    static native int cuMemFreeAsync(long address, long stream);

    static native int cuMemAllocHost_v2(PointerByReference address, long bytes);

    static native int cuMemcpyHtoDAsync_v2(long target, Pointer source, long bytes, long stream);

    static native int cuMemcpyDtoHAsync_v2(Pointer target, long source, long bytes, long stream);

    static native int cuMemsetD8Async(long target, byte value, long bytes, long stream);

    static native int cuModuleLoadDataEx(
            LongByReference module, Pointer image, int optionCount, Pointer options, Pointer values);

    static native int cuModuleGetFunction(LongByReference function, long module, String name);

    static native int cuLaunchKernel(
            long function,
            int gridX,
            int gridY,
            int gridZ,
            int blockX,
            int blockY,
            int blockZ,
            int sharedBytes,
            long stream,
            Pointer parameters,
            Pointer extra);

    static native int cuGetErrorName(int status, PointerByReference name);

    static native int cuGetErrorString(int status, PointerByReference text);

    /**
     * Throws unless a call succeeded.
     *
     * @param operation what was done, with sizes
     */
    static void check(int status, String operation) {
        if (status == OUT_OF_MEMORY) {
            throw new DeviceMemoryException(operation, "CUDA");
        }
        if (status != SUCCESS) {
            throw new IllegalStateException(
                    operation + ": CUDA answered " + describe(status) + ", perhaps of an operation before this one");
        }
    }

    static String describe(int status) {
        PointerByReference name = new PointerByReference();
        PointerByReference text = new PointerByReference();
        if (cuGetErrorName(status, name) != SUCCESS || cuGetErrorString(status, text) != SUCCESS) {
            return "error " + status;
        }
        return name.getValue().getString(0) + " (" + status + "), "
                + text.getValue().getString(0);
    }
}
