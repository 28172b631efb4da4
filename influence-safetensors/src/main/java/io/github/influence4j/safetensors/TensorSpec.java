package io.github.influence4j.safetensors;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Name, element type and shape of a tensor.
 *
 * @param name unique in its file
 * @param type type of the elements
 * @param shape the dimensions, row-major; none for a single number
 */
public record TensorSpec(String name, TensorType type, List<Long> shape) {

    /**
     * Checks that the tensor's size in bits is a {@code long}, and one of whole bytes.
     *
     * @throws IllegalArgumentException if a dimension is negative, or the size overflows or ends within a byte
     */
    public TensorSpec {
        shape = List.copyOf(shape);
        long bits = type.bits();
        boolean empty = shape.contains(0L);
        for (long dimension : shape) {
            if (dimension < 0) {
                throw new IllegalArgumentException(
                        "tensor " + MalformedFileException.quote(name) + ": dimension " + dimension);
            }
            // dimensions beside a 0 do not multiply to anything, but must not wrap round on the way either
            if (!empty && bits > Long.MAX_VALUE / dimension) {
                throw new IllegalArgumentException(
                        "tensor " + MalformedFileException.quote(name) + ": its size overflows, shape " + shape);
            }
            bits = empty ? 0 : bits * dimension;
        }
        if (bits % Byte.SIZE != 0) {
            throw new IllegalArgumentException("tensor " + MalformedFileException.quote(name) + ": " + type
                    + " of shape " + shape + " is not a number of whole bytes");
        }
    }

    /**
     * Describes a tensor.
     *
     * @param name unique in its file
     * @param type type of the elements
     * @param shape the dimensions, row-major
     * @return the description
     * @throws IllegalArgumentException if a dimension is negative, or the size overflows or ends within a byte
     */
    public static TensorSpec of(String name, TensorType type, long... shape) {
        return new TensorSpec(name, type, Arrays.stream(shape).boxed().toList());
    }

    /**
     * Returns the number of dimensions.
     *
     * @return 0 for a single number
     */
    public int rank() {
        return shape.size();
    }

    /**
     * Returns a dimension.
     *
     * @param axis from 0, outermost first
     * @return its size
     * @throws IndexOutOfBoundsException if there is no such axis
     */
    public long dimension(int axis) {
        return shape.get(axis);
    }

    /**
     * Returns the number of elements.
     *
     * @return the product of the dimensions
     */
    public long elements() {
        if (shape.contains(0L)) {
            return 0;
        }
        long product = 1;
        for (long dimension : shape) {
            product *= dimension;
        }
        return product;
    }

    /**
     * Returns the size of the data.
     *
     * @return bytes
     */
    public long bytes() {
        return Math.multiplyExact(elements(), (long) type.bits()) / Byte.SIZE;
    }

    /**
     * Describes the tensor for a message.
     *
     * @return such as {@code F32 [3, 4]}
     */
    public String describe() {
        return type + " " + shape.stream().map(String::valueOf).collect(Collectors.joining(", ", "[", "]"));
    }
}
