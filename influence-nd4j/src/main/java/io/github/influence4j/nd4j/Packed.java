package io.github.influence4j.nd4j;

import io.github.influence4j.api.Precision;
import io.github.influence4j.openblas.internal.NativeMatrix;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A matrix as a packed one-dimensional ND4J array of a precision: its own memory where it is that already, else a
 * temporary that is filled from it at the start, or written back to it at the end.
 */
final class Packed implements AutoCloseable {

    private final NativeMatrix matrix;
    private final NativeMatrix packed;
    private final boolean temporary;
    private final boolean written;

    private Packed(NativeMatrix matrix, Precision precision, boolean read, boolean written) {
        this.matrix = matrix;
        this.written = written;
        temporary = !matrix.packed() || matrix.precision() != precision;
        packed = temporary ? matrix.scratch(matrix.rows(), matrix.columns(), precision) : matrix;
        if (temporary && read) {
            matrix.kernels().convert(matrix, packed);
        }
    }

    static Packed reading(NativeMatrix matrix, Precision precision) {
        return new Packed(matrix, precision, true, false);
    }

    static Packed writing(NativeMatrix matrix, Precision precision) {
        return new Packed(matrix, precision, false, true);
    }

    static Packed updating(NativeMatrix matrix, Precision precision) {
        return new Packed(matrix, precision, true, true);
    }

    INDArray array() {
        return ArrayBlock.flat(packed);
    }

    NativeMatrix matrix(int rows, int columns) {
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
