package io.github.influence4j.safetensors;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.Header.Placed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A safetensors file that is read in pieces.
 *
 * <p>Opening reads and checks the header: names are unique, types known, and tensors follow one another without gaps or
 * overlaps, each of the size that its type and shape ask for, up to the end of the file. Numbers are read where they are asked
 * for, so the file may be larger than the memory and a tensor larger than an array. Memory is the header's (a small multiple
 * of its bytes in the file) and a buffer of 256 KiB for each thread that reads at the same time.
 *
 * <p>The file is read, not mapped, so that one that is cut off while it is in use gives an exception and not a fault of the
 * process; see {@link #checkUnchanged()} for one that is changed in place.
 *
 * <p>Safe for use by several threads. An interrupted thread that reads gets a {@link
 * java.util.concurrent.CancellationException}; the others are not disturbed.
 */
public final class SafetensorsFile implements AutoCloseable {

    /** Bytes read at a time; a multiple of every element's size. */
    private static final int CHUNK = 1 << 18;

    private final FileReader reader;
    private final Header header;
    private final Queue<ByteBuffer> buffers = new ConcurrentLinkedQueue<>();

    private SafetensorsFile(FileReader reader, Header header) {
        this.reader = reader;
        this.header = header;
    }

    /**
     * Opens a file, following a symbolic link.
     *
     * @param file the file
     * @return the file, which the caller closes
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it is not a safetensors file
     */
    public static SafetensorsFile open(Path file) throws IOException {
        return open(file, new LinkOption[0]);
    }

    /**
     * Opens a file whose name comes from a listing or another file and is therefore not trusted to be no symbolic link.
     *
     * @param file the file
     * @return the file, which the caller closes
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it is a symbolic link or not a safetensors file
     */
    public static SafetensorsFile openNoLink(Path file) throws IOException {
        return open(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static SafetensorsFile open(Path file, LinkOption... links) throws IOException {
        FileReader reader = FileReader.open(file, links);
        try {
            return new SafetensorsFile(reader, header(reader));
        } catch (IOException | RuntimeException | Error e) {
            reader.close();
            throw e;
        }
    }

    private static Header header(FileReader reader) throws IOException {
        if (reader.size() < HeaderReader.PREFIX) {
            throw new MalformedFileException(reader.path(), "has " + reader.size() + " bytes, too few for a header");
        }
        ByteBuffer prefix = ByteBuffer.allocate(HeaderReader.PREFIX).order(ByteOrder.LITTLE_ENDIAN);
        reader.readFully(prefix, 0);
        long length = prefix.getLong(0);
        long most = Math.min(HeaderReader.MAX_LENGTH, reader.size() - HeaderReader.PREFIX);
        if (length < 0 || length > most) {
            Pickles.refuse(reader.path(), prefix.array());
            throw new MalformedFileException(
                    reader.path(),
                    "announces a header of " + Long.toUnsignedString(length) + " bytes, at most " + most
                            + " are possible");
        }
        ByteBuffer json = ByteBuffer.allocate((int) length);
        reader.readFully(json, HeaderReader.PREFIX);
        return HeaderReader.read(reader.path(), json.array(), reader.size());
    }

    /**
     * Says when the file system noted the last change of a file, of its content or its attributes. Programs that put a file's own time
     * back cannot put this one back.
     *
     * @param file the file
     * @return the time in words; empty where the file system keeps none
     * @throws IOException if it cannot be looked at
     */
    public static String changeTime(Path file) throws IOException {
        return FileState.changed(file).map(String::valueOf).orElse("");
    }

    /**
     * Returns where the file is.
     *
     * @return the path it was opened with
     */
    public Path path() {
        return reader.path();
    }

    /**
     * Returns the size of the file.
     *
     * @return bytes
     */
    public long size() {
        return reader.size();
    }

    /**
     * Returns what the file says about itself.
     *
     * @return texts by name, in the file's order, not to be changed
     */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /**
     * Returns a text of the metadata.
     *
     * @param key its name
     * @return the text
     * @throws MalformedFileException if the file does not have it
     */
    public String metadata(String key) {
        String value = header.metadata().get(key);
        if (value == null) {
            throw new MalformedFileException(path(), "has no metadata " + MalformedFileException.quote(key));
        }
        return value;
    }

    /**
     * Lists the names of the tensors.
     *
     * @return names in the order of their data
     */
    public Collection<String> names() {
        return header.tensors().keySet();
    }

    /**
     * Looks for a tensor.
     *
     * @param name its name
     * @return its description, or nothing
     */
    public Optional<TensorSpec> find(String name) {
        return Optional.ofNullable(header.tensors().get(name)).map(Placed::spec);
    }

    /**
     * Returns the description of a tensor.
     *
     * @param name its name
     * @return type and shape
     * @throws MalformedFileException if the file does not have it
     */
    public TensorSpec tensor(String name) {
        return placed(name).spec();
    }

    /**
     * Reads elements of any type as float64 numbers.
     *
     * @param name the tensor
     * @param first index of the first element, row-major
     * @param count number of elements
     * @param target receives them
     * @param offset index in {@code target} of the first
     * @throws MalformedFileException if the file does not have the tensor, or has shrunk
     * @throws UncheckedIOException if it cannot be read
     * @throws IndexOutOfBoundsException if the elements or the target's range do not exist
     */
    public void read(String name, long first, int count, double[] target, int offset) {
        Objects.checkFromIndexSize(offset, count, target.length);
        read(
                name,
                first,
                count,
                (type, from, done, part) -> ElementCodec.decode(type, from, target, offset + done, part));
    }

    /**
     * Reads elements of any type as float32 numbers, rounding where they are wider.
     *
     * @param name the tensor
     * @param first index of the first element, row-major
     * @param count number of elements
     * @param target receives them
     * @param offset index in {@code target} of the first
     * @throws MalformedFileException if the file does not have the tensor, or has shrunk
     * @throws UncheckedIOException if it cannot be read
     * @throws IndexOutOfBoundsException if the elements or the target's range do not exist
     */
    public void read(String name, long first, int count, float[] target, int offset) {
        Objects.checkFromIndexSize(offset, count, target.length);
        read(
                name,
                first,
                count,
                (type, from, done, part) -> ElementCodec.decode(type, from, target, offset + done, part));
    }

    /**
     * Reads elements of an integer type; {@code BOOL} as 0 and 1, {@code U64} from 2⁶³ on as negative numbers.
     *
     * @param name the tensor
     * @param first index of the first element, row-major
     * @param count number of elements
     * @param target receives them
     * @param offset index in {@code target} of the first
     * @throws MalformedFileException if the file does not have the tensor, it is not of integers, or the file has shrunk
     * @throws UncheckedIOException if it cannot be read
     * @throws IndexOutOfBoundsException if the elements or the target's range do not exist
     */
    public void read(String name, long first, int count, long[] target, int offset) {
        Objects.checkFromIndexSize(offset, count, target.length);
        if (tensor(name).type().isFloating()) {
            throw new MalformedFileException(
                    path(),
                    "tensor " + MalformedFileException.quote(name) + " must be of integers, found "
                            + tensor(name).describe());
        }
        read(
                name,
                first,
                count,
                (type, from, done, part) -> ElementCodec.decode(type, from, target, offset + done, part));
    }

    /**
     * Returns a tensor as a matrix whose columns are its last dimension and whose rows are all the others; a single row where
     * it has one dimension or none.
     *
     * <p>Nothing is read before the matrix is, and each read goes to the file.
     *
     * @param name the tensor
     * @return a view of the file, float64 for {@code F64} and integers, else float32
     * @throws MalformedFileException if the file does not have it, or it has more than 2³¹−1 rows or columns
     */
    public Matrix matrix(String name) {
        TensorSpec spec = tensor(name);
        return matrix(name, 0, spec.elements() == 0 ? 0 : spec.elements() / columns(spec));
    }

    /**
     * Returns some rows of a tensor as a matrix, for tensors of more rows than a matrix can have.
     *
     * @param name the tensor
     * @param firstRow first row
     * @param rows number of rows
     * @return a view of the file
     * @throws MalformedFileException if the file does not have the tensor, or it is too large for a matrix
     * @throws IndexOutOfBoundsException if it does not have these rows
     * @see #matrix(String)
     */
    public Matrix matrix(String name, long firstRow, long rows) {
        TensorSpec spec = tensor(name);
        long columns = columns(spec);
        Objects.checkFromIndexSize(firstRow, rows, columns == 0 ? 0 : spec.elements() / columns);
        if (columns > Integer.MAX_VALUE || rows > Integer.MAX_VALUE) {
            throw new MalformedFileException(
                    path(),
                    "tensor " + MalformedFileException.quote(name) + " is too large for a matrix: " + rows + " rows of "
                            + spec.describe());
        }
        return new TensorMatrix(this, spec, firstRow, (int) rows, (int) columns);
    }

    private static long columns(TensorSpec spec) {
        return spec.rank() == 0 ? 1 : spec.dimension(spec.rank() - 1);
    }

    /**
     * Compares the file with what it was when it was opened: size, time of the last change, and identity. Whoever has read
     * something that must not be a mixture of two states calls this afterwards.
     *
     * @throws MalformedFileException if they differ
     * @throws UncheckedIOException if the file cannot be looked at
     */
    public void checkUnchanged() {
        try {
            reader.checkUnchanged();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Reads the whole file.
     *
     * @return its SHA-256 in hexadecimal digits
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it has shrunk
     */
    public String sha256() throws IOException {
        return Sha256.of(size(), reader::readFully);
    }

    /**
     * Reads the whole file.
     *
     * @return its CRC-32C in hexadecimal digits, which tells damage, not who wrote the file
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it has shrunk
     */
    public String crc32c() throws IOException {
        return Crc32c.of(size(), reader::readFully);
    }

    /**
     * Gives the file handle and the buffers back until the next read, which checks that the file is unchanged. For sets of more
     * files than a process may have open.
     *
     * @throws UncheckedIOException if closing fails
     */
    public void release() {
        buffers.clear();
        try {
            reader.release();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes elements from a buffer's position on. */
    private interface Decoder {
        void decode(TensorType type, ByteBuffer from, int done, int count);
    }

    private void read(String name, long first, int count, Decoder decoder) {
        Placed tensor = placed(name);
        TensorType type = tensor.spec().type();
        if (!type.isRead()) {
            throw new MalformedFileException(
                    path(),
                    "tensor " + MalformedFileException.quote(name) + " is "
                            + tensor.spec().describe()
                            + ", a type whose numbers are not read here; convert it to F32 or BF16");
        }
        Objects.checkFromIndexSize(first, (long) count, tensor.spec().elements());
        ByteBuffer buffer = buffer((int) Math.min(CHUNK, (long) count * type.bytes()));
        try {
            int step = buffer.capacity() / type.bytes();
            int done = 0;
            while (done < count) {
                int part = Math.min(step, count - done);
                buffer.clear().limit(part * type.bytes());
                reader.readFully(buffer, tensor.offset() + (first + done) * type.bytes());
                decoder.decode(type, buffer.flip(), done, part);
                done += part;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            buffers.add(buffer);
        }
    }

    /** A heap buffer: direct ones are freed late, and many files are opened for a short time. */
    private ByteBuffer buffer(int bytes) {
        ByteBuffer spare = buffers.poll();
        return spare != null && spare.capacity() >= bytes
                ? spare
                : ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private Placed placed(String name) {
        Placed placed = header.tensors().get(name);
        if (placed == null) {
            throw new MalformedFileException(path(), "has no tensor " + MalformedFileException.quote(name));
        }
        return placed;
    }

    /** Closes the file; matrices of it cannot be read any more. */
    @Override
    public void close() throws IOException {
        buffers.clear();
        reader.close();
    }
}
