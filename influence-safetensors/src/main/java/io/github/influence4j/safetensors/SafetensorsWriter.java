package io.github.influence4j.safetensors;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a safetensors file piece by piece.
 *
 * <p>Names, types and shapes are given first, then the elements of each tensor from its first to its last, in pieces of any
 * size; tensors may take turns. Floating-point numbers are rounded to the tensor's type (to the nearest, ties to even; to 16
 * bits by way of float32). The file appears under its name with {@link #commit()}, complete and on the medium, see {@link
 * AtomicFile}; closing without a commit leaves what was there before. Memory is a buffer of 256 KiB. For one thread.
 */
public final class SafetensorsWriter implements PendingFile {

    /** Bytes written at a time; a multiple of every element's size. */
    private static final int CHUNK = 1 << 18;

    private final Path target;
    private final AtomicFile file;
    private final Map<String, Progress> tensors;
    private final ByteBuffer buffer = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);

    /** How far a tensor has been written. */
    private static final class Progress {
        final TensorSpec spec;
        final long offset;
        long written;

        Progress(TensorSpec spec, long offset) {
            this.spec = spec;
            this.offset = offset;
        }
    }

    private SafetensorsWriter(Path target, AtomicFile file, Map<String, Progress> tensors) {
        this.target = target;
        this.file = file;
        this.tensors = tensors;
    }

    /**
     * Begins a file.
     *
     * @param target where it will be; its folder must exist
     * @param tensors what it will hold; data are laid out by falling size of the element, so that every tensor is aligned
     * @param metadata texts by name
     * @return a writer, which the caller closes
     * @throws IOException if the file cannot be written
     * @throws IllegalArgumentException if two tensors have the same name, or one is called {@code __metadata__}
     */
    public static SafetensorsWriter create(Path target, Collection<TensorSpec> tensors, Map<String, String> metadata)
            throws IOException {
        List<TensorSpec> ordered = ordered(tensors);
        byte[] header = HeaderWriter.write(ordered, metadata);
        Map<String, Progress> progress = new LinkedHashMap<>();
        long offset = header.length;
        for (TensorSpec spec : ordered) {
            progress.put(spec.name(), new Progress(spec, offset));
            offset = Math.addExact(offset, spec.bytes());
        }
        AtomicFile file = AtomicFile.create(target);
        try {
            SafetensorsWriter writer = new SafetensorsWriter(target, file, progress);
            writer.writeFully(ByteBuffer.wrap(header), 0);
            return writer;
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    /**
     * Says how large a file will be.
     *
     * @param tensors what it will hold
     * @param metadata texts by name
     * @return bytes
     * @throws IllegalArgumentException if two tensors have the same name, or one is called {@code __metadata__}
     */
    public static long size(Collection<TensorSpec> tensors, Map<String, String> metadata) {
        long size = HeaderWriter.write(ordered(tensors), metadata).length;
        for (TensorSpec spec : tensors) {
            size = Math.addExact(size, spec.bytes());
        }
        return size;
    }

    private static List<TensorSpec> ordered(Collection<TensorSpec> tensors) {
        return tensors.stream()
                .sorted(Comparator.comparingInt((TensorSpec spec) -> spec.type().bytes())
                        .reversed())
                .toList();
    }

    /**
     * Appends floating-point numbers to a tensor.
     *
     * @param tensor its name
     * @param values holds the numbers
     * @param offset index of the first
     * @param count how many
     * @throws IOException if they cannot be written
     * @throws IllegalArgumentException if there is no such tensor of floating-point numbers, or it has no room for them
     */
    public void append(String tensor, double[] values, int offset, int count) throws IOException {
        append(tensor, count, (type, done, part, to) -> ElementCodec.encode(type, values, offset + done, part, to));
    }

    /**
     * Appends floating-point numbers to a tensor.
     *
     * @param tensor its name
     * @param values holds the numbers
     * @param offset index of the first
     * @param count how many
     * @throws IOException if they cannot be written
     * @throws IllegalArgumentException if there is no such tensor of floating-point numbers, or it has no room for them
     */
    public void append(String tensor, float[] values, int offset, int count) throws IOException {
        append(tensor, count, (type, done, part, to) -> ElementCodec.encode(type, values, offset + done, part, to));
    }

    /**
     * Appends integers to a tensor; the lowest bits where its type is narrower.
     *
     * @param tensor its name
     * @param values holds the numbers
     * @param offset index of the first
     * @param count how many
     * @throws IOException if they cannot be written
     * @throws IllegalArgumentException if there is no such tensor of integers, or it has no room for them
     */
    public void append(String tensor, long[] values, int offset, int count) throws IOException {
        append(tensor, count, (type, done, part, to) -> ElementCodec.encode(type, values, offset + done, part, to));
    }

    /**
     * Appends the rows of a matrix to a tensor, some at a time.
     *
     * @param tensor its name
     * @param rows the numbers
     * @throws IOException if they cannot be written
     * @throws IllegalArgumentException if there is no such tensor of floating-point numbers, or it has no room for them
     */
    public void append(String tensor, Matrix rows) throws IOException {
        int columns = rows.columns();
        int step = Math.max(1, CHUNK / Double.BYTES / Math.max(1, columns));
        boolean exact = rows.precision() == Precision.FLOAT64;
        double[] doubles = new double[exact ? Math.min(step, rows.rows()) * columns : 0];
        float[] floats = new float[exact ? 0 : Math.min(step, rows.rows()) * columns];
        for (int r = 0; r < rows.rows(); r += step) {
            int count = Math.min(step, rows.rows() - r);
            if (exact) {
                rows.read(r, count, doubles, 0);
                append(tensor, doubles, 0, count * columns);
            } else {
                rows.read(r, count, floats, 0);
                append(tensor, floats, 0, count * columns);
            }
        }
    }

    /** Puts elements into a buffer, {@code part} of them after {@code done}. */
    private interface Encoder {
        void encode(TensorType type, int done, int part, ByteBuffer to);
    }

    private void append(String name, int count, Encoder encoder) throws IOException {
        Progress progress = tensors.get(name);
        if (progress == null) {
            throw new IllegalArgumentException(target + " was not announced to hold a tensor " + name);
        }
        TensorSpec spec = progress.spec;
        if (count > spec.elements() - progress.written) {
            throw new IllegalArgumentException("tensor " + name + " of " + spec.describe() + " has no room for " + count
                    + " elements after " + progress.written);
        }
        int size = spec.type().bytes();
        int step = CHUNK / size;
        int done = 0;
        while (done < count) {
            int part = Math.min(step, count - done);
            buffer.clear();
            encoder.encode(spec.type(), done, part, buffer);
            writeFully(buffer.flip(), progress.offset + progress.written * size);
            progress.written += part;
            done += part;
        }
    }

    private void writeFully(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += file.channel().write(bytes, at);
        }
    }

    @Override
    public Path target() {
        return target;
    }

    @Override
    public long size() throws IOException {
        return file.size();
    }

    @Override
    public void sync() throws IOException {
        file.sync();
    }

    @Override
    public String sha256() throws IOException {
        return file.sha256();
    }

    @Override
    public String crc32c() throws IOException {
        return file.crc32c();
    }

    /**
     * Makes the file appear under its name.
     *
     * @throws IOException if the medium does not take it; an older file is then still there
     * @throws IllegalStateException if a tensor is not complete
     */
    @Override
    public void commit() throws IOException {
        for (Progress progress : tensors.values()) {
            if (progress.written != progress.spec.elements()) {
                throw new IllegalStateException("tensor " + progress.spec.name() + " of " + progress.spec.describe()
                        + " has only " + progress.written + " elements");
            }
        }
        file.commit();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
