package io.github.influence4j.cuda;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.Layout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Moves numbers between Java arrays and the card, through several pieces of pinned host memory, each with its counterpart on the
 * card.
 *
 * <p>An upload fills a piece, which crosses the bus on a stream of its own while the card computes, and is spread to where it
 * belongs, in whatever type and stride, in the order of the work. It returns when the array may be changed.
 */
final class CudaTransfers {

    private static final int PIECE_BYTES = 4 << 20;
    private static final int PIECES = 20;
    private static final int MOST_COPYING_THREADS = 16;

    private final CudaDevice device;
    private final BlockingQueue<Piece> pieces = new ArrayBlockingQueue<>(PIECES);

    /** Pinned host memory and its counterpart; {@code arrived} and {@code free} are events. */
    private record Piece(Pointer host, ByteBuffer numbers, long onCard, long arrived, long free) {}

    CudaTransfers(CudaDevice device) {
        this.device = device;
        long bytes = (long) PIECES * PIECE_BYTES;
        long onCard = device.allocate(bytes, "uploads");
        try {
            device.run(() -> {
                // the memory is there for the other stream too
                device.synchronize("waiting for memory for uploads");
                PointerByReference host = new PointerByReference();
                Driver.check(Driver.cuMemAllocHost_v2(host, bytes), "taking " + bytes + " bytes of pinned memory");
                for (int k = 0; k < PIECES; k++) {
                    long offset = (long) k * PIECE_BYTES;
                    Pointer piece = host.getValue().share(offset, PIECE_BYTES);
                    pieces.add(new Piece(
                            piece, piece.getByteBuffer(0, PIECE_BYTES), onCard + offset, newEvent(), newEvent()));
                }
            });
        } catch (RuntimeException | Error e) {
            device.free(onCard, bytes);
            throw e;
        }
    }

    private static long newEvent() {
        LongByReference event = new LongByReference();
        Driver.check(Driver.cuEventCreate(event, Driver.EVENT_DISABLE_TIMING), "making an event");
        return event.getValue();
    }

    CudaDevice device() {
        return device;
    }

    /** Waits for all work, without keeping others from asking for more. */
    void finish() {
        device.runBeside(() -> device.synchronize("waiting for the work asked for"));
    }

    /** Threads that copy side by side. */
    static int copyingThreads() {
        return Math.min(MOST_COPYING_THREADS, Runtime.getRuntime().availableProcessors());
    }

    /** Runs tasks side by side; throws what the first one to fail threw, when all have ended. */
    static void inParallel(int tasks, IntConsumer task) {
        AtomicReference<@Nullable RuntimeException> failure = new AtomicReference<>();
        IntStream.range(0, tasks).parallel().forEach(k -> {
            try {
                task.accept(k);
            } catch (RuntimeException e) {
                failure.compareAndSet(null, e);
            }
        });
        RuntimeException first = failure.get();
        if (first != null) {
            throw first;
        }
    }

    /** Copies numbers from the start of an array into a matrix of any type and stride. */
    void upload(float[] numbers, CudaMatrix target) {
        forPartsInParallel(
                target,
                Precision.FLOAT32,
                (part, first) -> upload(
                        part, Precision.FLOAT32, piece -> piece.asFloatBuffer().put(numbers, first, size(part))));
    }

    /** Copies numbers from the start of an array into a matrix of any type and stride. */
    void upload(double[] numbers, CudaMatrix target) {
        forPartsInParallel(
                target,
                Precision.FLOAT64,
                (part, first) -> upload(
                        part, Precision.FLOAT64, piece -> piece.asDoubleBuffer().put(numbers, first, size(part))));
    }

    private interface HostCopy {
        void with(ByteBuffer piece);
    }

    private void upload(CudaMatrix target, Precision type, HostCopy copy) {
        Piece piece = take();
        try {
            String what = "uploading " + target;
            device.runBeside(() -> Driver.check(Driver.cuEventSynchronize(piece.free()), what));
            copy.with(piece.numbers());
            device.run(() -> {
                target.address(); // refuses a closed target before anything is under way
                Driver.check(
                        Driver.cuMemcpyHtoDAsync_v2(
                                piece.onCard(), piece.host(), (long) size(target) * type.bytes(), device.copyStream()),
                        what);
                Driver.check(Driver.cuEventRecord(piece.arrived(), device.copyStream()), what);
                Driver.check(Driver.cuStreamWaitEvent(device.stream(), piece.arrived(), 0), what);
                convert(onCard(piece, target, type), target);
                Driver.check(Driver.cuEventRecord(piece.free(), device.stream()), what);
            });
        } finally {
            pieces.add(piece);
        }
    }

    /** Copies a matrix of any type and stride into an array. */
    void download(CudaMatrix source, float[] target, int offset) {
        forPartsInParallel(
                source,
                Precision.FLOAT32,
                (part, first) -> download(part, Precision.FLOAT32, piece -> piece.asFloatBuffer()
                        .get(target, offset + first, size(part))));
    }

    /** Copies a matrix of any type and stride into an array. */
    void download(CudaMatrix source, double[] target, int offset) {
        forPartsInParallel(
                source,
                Precision.FLOAT64,
                (part, first) -> download(part, Precision.FLOAT64, piece -> piece.asDoubleBuffer()
                        .get(target, offset + first, size(part))));
    }

    private void download(CudaMatrix source, Precision type, HostCopy copy) {
        Piece piece = take();
        try {
            String what = "downloading " + source;
            device.runBeside(() -> Driver.check(Driver.cuEventSynchronize(piece.free()), what));
            device.run(() -> {
                boolean direct = source.packed() && source.precision() == type;
                if (!direct) {
                    convert(source, onCard(piece, source, type));
                }
                Driver.check(
                        Driver.cuMemcpyDtoHAsync_v2(
                                piece.host(),
                                direct ? source.address() : piece.onCard(),
                                (long) size(source) * type.bytes(),
                                device.stream()),
                        what);
                Driver.check(Driver.cuEventRecord(piece.free(), device.stream()), what);
            });
            device.runBeside(() -> Driver.check(Driver.cuEventSynchronize(piece.free()), what));
            copy.with(piece.numbers());
        } finally {
            pieces.add(piece);
        }
    }

    /** Waits for a piece, and leaves it to others to heed an interruption: a transfer is not where to stop. */
    private Piece take() {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return pieces.take();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private CudaMatrix onCard(Piece piece, CudaMatrix like, Precision type) {
        return CudaMatrix.wrap(this, piece.onCard(), new Layout(0, like.rows(), like.columns(), like.columns()), type);
    }

    /** Copies between matrices of one shape and any types and strides. */
    void convert(CudaMatrix source, CudaMatrix target) {
        convert(source, source.stride(), 1, target);
    }

    /** target = sourceᵀ, of any types and strides. */
    void transpose(CudaMatrix source, CudaMatrix target) {
        convert(source, 1, source.stride(), target);
    }

    private void convert(CudaMatrix source, long stride, long step, CudaMatrix target) {
        boolean flat = step == 1 && source.packed() && target.packed();
        int rows = flat ? 1 : target.rows();
        int columns = flat ? size(target) : target.columns();
        device.run(() -> device.kernels()
                .forElements(
                        "convert" + CudaKernels.suffix(source, target),
                        rows,
                        columns,
                        rows,
                        columns,
                        source.address(),
                        stride,
                        step,
                        target.address(),
                        (long) target.stride()));
    }

    private static int size(CudaMatrix matrix) {
        return matrix.rows() * matrix.columns();
    }

    /** Several cores fill pieces: one alone does not keep the bus busy. */
    private static void forPartsInParallel(CudaMatrix matrix, Precision type, Part visitor) {
        List<Runnable> parts = new ArrayList<>();
        forParts(matrix, type, (part, first) -> parts.add(() -> visitor.accept(part, first)));
        int tasks = Math.min(parts.size(), copyingThreads());
        inParallel(tasks, task -> {
            for (int k = task; k < parts.size(); k += tasks) {
                parts.get(k).run();
            }
        });
    }

    private interface Part {
        void accept(CudaMatrix part, int firstNumber);
    }

    /** Cuts a matrix into parts that fit into a piece, in the order of their numbers. */
    private static void forParts(CudaMatrix matrix, Precision type, Part visitor) {
        int most = PIECE_BYTES / type.bytes();
        if (matrix.packed() && matrix.rows() > 1) {
            forParts(matrix.reshape(1, size(matrix)), type, visitor);
            return;
        }
        int width = Math.min(matrix.columns(), most);
        int height = width < matrix.columns() ? 1 : most / width;
        for (long r = 0; r < matrix.rows(); r += height) {
            int rows = (int) Math.min(height, matrix.rows() - r);
            for (long c = 0; c < matrix.columns(); c += width) {
                int columns = (int) Math.min(width, matrix.columns() - c);
                visitor.accept(matrix.view((int) r, rows, (int) c, columns), (int) (r * matrix.columns() + c));
            }
        }
    }
}
