package io.github.influence4j.lm.checkpoint;

import io.github.influence4j.api.Matrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/** The tensors of a checkpoint by the names that its family gives them, wherever they lie. */
interface Weights extends AutoCloseable {

    /**
     * Lists the tensors.
     *
     * @return names of the family
     */
    Collection<String> names();

    /**
     * Returns the dimensions of a tensor.
     *
     * @param name one of {@link #names}
     * @return the dimensions, outermost first
     */
    List<Long> shape(String name);

    /**
     * Returns a tensor, whose numbers are read where they are asked for.
     *
     * @param name one of {@link #names}, of at most two dimensions
     * @return a view of the file; a vector is one row
     * @throws IllegalArgumentException if its numbers are of a type that is not read
     */
    Matrix matrix(String name);

    /**
     * Says where a tensor lies, for messages.
     *
     * @param name one of {@link #names}
     * @return the file
     */
    Path file(String name);

    @Override
    void close() throws IOException;
}
