package io.github.influence4j.lm.gguf;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.safetensors.FileReader;
import io.github.influence4j.safetensors.MalformedFileException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A GGUF file, version 2 or 3, whose numbers are read and decoded in pieces: F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K, Q6_K.
 *
 * <p>Opening reads the metadata and the list of tensors, and checks that each lies within the file. Files are not trusted:
 * nothing is allocated that the file's own bytes do not justify. Safe for use by several threads. Whoever opens it closes it.
 */
public final class GgufFile implements AutoCloseable {

    private final FileReader reader;
    private final Map<String, Object> metadata;
    private final Map<String, GgufTensor> tensors;

    private GgufFile(FileReader reader, Map<String, Object> metadata, Map<String, GgufTensor> tensors) {
        this.reader = reader;
        this.metadata = metadata;
        this.tensors = tensors;
    }

    /**
     * Opens a file.
     *
     * @param file the file
     * @return the file, which the caller closes
     * @throws IOException if it cannot be read
     * @throws MalformedFileException if it is not a GGUF file, is damaged, or has a tensor of a type that is not read
     */
    public static GgufFile open(Path file) throws IOException {
        FileReader reader = FileReader.open(file);
        try {
            GgufHeader header = new GgufHeader(reader);
            header.read();
            return new GgufFile(reader, header.metadata(), header.tensors());
        } catch (IOException | RuntimeException | Error e) {
            reader.close();
            throw e;
        }
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
     * Lists what the file says about itself.
     *
     * @return the keys, such as {@code general.architecture}
     */
    public Collection<String> keys() {
        return metadata.keySet();
    }

    /**
     * Returns a text.
     *
     * @param key its name
     * @return the text, if there is one
     * @throws MalformedFileException if the entry is of another type
     */
    public Optional<String> text(String key) {
        return value(key, String.class, "a text");
    }

    /**
     * Returns a whole number.
     *
     * @param key its name
     * @return the number, if there is one
     * @throws MalformedFileException if the entry is of another type
     */
    public Optional<Long> integer(String key) {
        return value(key, Long.class, "a whole number");
    }

    /**
     * Returns a number with a fraction; of a float32 the number with the fewest digits that it stands for, such as 1e-5.
     *
     * @param key its name
     * @return the number, if there is one
     * @throws MalformedFileException if the entry is of another type
     */
    public Optional<Double> number(String key) {
        return value(key, Double.class, "a number");
    }

    /**
     * Returns a truth value.
     *
     * @param key its name
     * @return the value, if there is one
     * @throws MalformedFileException if the entry is of another type
     */
    public Optional<Boolean> flag(String key) {
        return value(key, Boolean.class, "true or false");
    }

    /**
     * Returns a list.
     *
     * @param <T> type of the elements
     * @param key its name
     * @param type of the elements: {@link String}, {@link Long}, {@link Double} or {@link Boolean}
     * @return the list, if there is one
     * @throws MalformedFileException if the entry is not a list of these
     */
    public <T> Optional<List<T>> list(String key, Class<T> type) {
        String expected = "a list of " + type.getSimpleName();
        return value(key, List.class, expected).map(list -> {
            List<?> raw = list;
            for (Object each : raw) {
                if (!type.isInstance(each)) {
                    throw wrong(key, expected);
                }
            }
            return raw.stream().map(type::cast).toList();
        });
    }

    private <T> Optional<T> value(String key, Class<T> type, String expected) {
        Object value = metadata.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!type.isInstance(value)) {
            throw wrong(key, expected);
        }
        return Optional.of(type.cast(value));
    }

    private MalformedFileException wrong(String key, String expected) {
        return new MalformedFileException(
                path(), "entry " + MalformedFileException.quote(key) + " must be " + expected);
    }

    /**
     * Lists the tensors.
     *
     * @return their names, in the file's order
     */
    public Collection<String> names() {
        return tensors.keySet();
    }

    /**
     * Returns the dimensions of a tensor.
     *
     * @param name its name
     * @return the dimensions, outermost first, unlike in the file
     * @throws MalformedFileException if there is no such tensor
     */
    public List<Long> shape(String name) {
        return tensor(name).shape();
    }

    /**
     * Returns a tensor, whose rows are read and decoded where they are asked for.
     *
     * @param name its name
     * @return a view of the file in float32; its columns are the last dimension, its rows all others
     * @throws MalformedFileException if there is no such tensor, or it has more than 2³¹−1 rows or columns
     */
    public Matrix matrix(String name) {
        GgufTensor tensor = tensor(name);
        long rows = 1;
        for (long dimension : tensor.shape().subList(0, tensor.shape().size() - 1)) {
            rows *= dimension; // the header was checked: the whole is less than the file
        }
        if (rows > Integer.MAX_VALUE || tensor.columns() > Integer.MAX_VALUE || tensor.rowBytes() > Integer.MAX_VALUE) {
            throw new MalformedFileException(
                    path(),
                    "tensor " + MalformedFileException.quote(name) + " is too large for a matrix: " + tensor.shape());
        }
        return new GgufMatrix(reader, tensor, (int) rows, (int) tensor.columns());
    }

    private GgufTensor tensor(String name) {
        GgufTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new MalformedFileException(path(), "has no tensor " + MalformedFileException.quote(name));
        }
        return tensor;
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
