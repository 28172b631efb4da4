package io.github.influence4j.linalg.nd4j;

import io.github.influence4j.api.Precision;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A matrix as a packed one-dimensional ND4J array of a precision: its own memory where it is that already, else a
 * temporary that is filled from it at the start, or written back to it at the end.
 */
final class Packed implements AutoCloseable {

    private final Nd4jMatrix matrix;
    private final Nd4jMatrix packed;
    private final boolean temporary;
    private final boolean written;

    private Packed(Nd4jMatrix matrix, Precision precision, boolean read, boolean written) {
        this.matrix = matrix;
        this.written = written;
        temporary = !matrix.packed() || matrix.precision() != precision;
        packed = temporary ? matrix.scratch(matrix.rows(), matrix.columns(), precision) : matrix;
        if (temporary && read) {
            matrix.kernels().convert(matrix, packed);
        }
    }

    static Packed reading(Nd4jMatrix matrix, Precision precision) {
        return new Packed(matrix, precision, true, false);
    }

    static Packed writing(Nd4jMatrix matrix, Precision precision) {
        return new Packed(matrix, precision, false, true);
    }

    static Packed updating(Nd4jMatrix matrix, Precision precision) {
        return new Packed(matrix, precision, true, true);
    }

    INDArray array() {
        return packed.flat();
    }

    Nd4jMatrix matrix(int rows, int columns) {
        return packed.reshape(rows, columns);
    }

    @Override
    public void close() {
        if (temporary) {
            if (written) {
                matrix.kernels().convert(packed, matrix);
            }
            packed.close();
        }
    }
}
