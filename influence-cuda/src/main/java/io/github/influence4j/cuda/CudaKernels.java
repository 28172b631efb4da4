package io.github.influence4j.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/** The kernels of {@code kernels.cu}, which the driver compiles for the card it finds. For use within {@link CudaDevice#run}. */
final class CudaKernels {

    private static final String SOURCE = "kernels.ptx";
    private static final int MOST_PARAMETERS = 16;
    private static final int BLOCK_THREADS = 256;
    private static final int WARP = 32;
    /** Enough to keep every multiprocessor busy to the end. */
    private static final int BLOCKS_PER_MULTIPROCESSOR = 32;

    private static final int MOST_GRID_ROWS = 65_535;

    private final CudaDevice device;
    private final long module;
    private final Map<String, Long> functions = new HashMap<>();
    /** The numbers of a call, eight bytes each, and their addresses. */
    private final Memory numbers = new Memory((long) MOST_PARAMETERS * Long.BYTES);

    private final Memory addresses = new Memory((long) MOST_PARAMETERS * Native.POINTER_SIZE);

    CudaKernels(CudaDevice device) {
        this.device = device;
        try (InputStream in = CudaKernels.class.getResourceAsStream(SOURCE)) {
            if (in == null) {
                throw new IllegalStateException(SOURCE + " is missing from the jar");
            }
            byte[] text = in.readAllBytes();
            try (Memory image = new Memory(text.length + 1L)) {
                image.write(0, text, 0, text.length);
                image.setByte(text.length, (byte) 0);
                LongByReference loaded = new LongByReference();
                Driver.check(
                        Driver.cuModuleLoadDataEx(loaded, image, 0, Pointer.NULL, Pointer.NULL), "compiling " + SOURCE);
                module = loaded.getValue();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (int k = 0; k < MOST_PARAMETERS; k++) {
            addresses.setPointer((long) k * Native.POINTER_SIZE, numbers.share((long) k * Long.BYTES));
        }
    }

    /**
     * Launches a kernel with a thread for each element of a matrix, or as many as the card can use.
     *
     * @param parameters {@code Integer}, {@code Long} for addresses and strides, and {@code Double}, as the kernel has them
     */
    void forElements(String name, int rows, int columns, Object... parameters) {
        int width = Math.min(BLOCK_THREADS, Math.max(WARP, Integer.highestOneBit(Math.max(1, columns - 1)) * 2));
        if (rows == 1) {
            width = BLOCK_THREADS;
        }
        int height = BLOCK_THREADS / width;
        long most = (long) device.multiprocessors() * BLOCKS_PER_MULTIPROCESSOR;
        int gridX = (int) Math.min(most, (columns - 1L) / width + 1);
        int gridY = (int) Math.min(MOST_GRID_ROWS, Math.min(Math.max(1, most / gridX), (rows - 1L) / height + 1));
        launch(name, gridX, gridY, width, height, parameters);
    }

    /** Launches a kernel with a warp for each of some results. */
    void forWarps(String name, long results, Object... parameters) {
        long most = (long) device.multiprocessors() * BLOCKS_PER_MULTIPROCESSOR;
        int perBlock = BLOCK_THREADS / WARP;
        launch(name, (int) Math.min(most, (results - 1) / perBlock + 1), 1, BLOCK_THREADS, 1, parameters);
    }

    private void launch(String name, int gridX, int gridY, int blockX, int blockY, Object... parameters) {
        for (int k = 0; k < parameters.length; k++) {
            long place = (long) k * Long.BYTES;
            if (parameters[k] instanceof Integer number) {
                numbers.setInt(place, number);
            } else if (parameters[k] instanceof Long number) {
                numbers.setLong(place, number);
            } else if (parameters[k] instanceof Double number) {
                numbers.setDouble(place, number);
            } else {
                throw new IllegalArgumentException(name + ": parameter " + k + " is " + parameters[k]);
            }
        }
        int status = Driver.cuLaunchKernel(
                function(name), gridX, gridY, 1, blockX, blockY, 1, 0, device.stream(), addresses, Pointer.NULL);
        if (status != Driver.SUCCESS) {
            Driver.check(status, name + " with " + gridX + " x " + gridY + " blocks");
        }
    }

    private long function(String name) {
        return functions.computeIfAbsent(name, key -> {
            LongByReference function = new LongByReference();
            Driver.check(Driver.cuModuleGetFunction(function, module, key), "looking for the kernel " + key);
            return function.getValue();
        });
    }

    /** The last letters of a kernel's name for matrices of these types. */
    static String suffix(CudaMatrix... matrices) {
        StringBuilder suffix = new StringBuilder("_");
        for (CudaMatrix matrix : matrices) {
            suffix.append(matrix.letter());
        }
        return suffix.toString();
    }
}
