package io.github.influence4j.nd4j;

import io.github.influence4j.api.Precision;
import io.github.influence4j.openblas.internal.Block;
import io.github.influence4j.openblas.internal.NativeMatrix;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A one-dimensional ND4J array as memory of a matrix. */
final class ArrayBlock extends Block {

    private final INDArray array;
    private volatile @Nullable Pointer address;

    private ArrayBlock(Precision precision, INDArray array) {
        super(precision, array.length());
        this.array = array;
    }

    static ArrayBlock allocate(Precision precision, long elements) {
        // Detached: a workspace that the host has open in this thread must not take the memory away.
        DataType type = precision == Precision.FLOAT64 ? DataType.DOUBLE : DataType.FLOAT;
        return new ArrayBlock(precision, Nd4j.createUninitializedDetached(type, 'c', elements));
    }

    private static INDArray array(NativeMatrix matrix) {
        return ((ArrayBlock) matrix.block()).array;
    }

    /** All elements of a packed matrix as a one-dimensional ND4J array. */
    static INDArray flat(NativeMatrix matrix) {
        if (!matrix.packed()) {
            throw new IllegalArgumentException(
                    "expected a packed matrix, found stride " + matrix.stride() + " in " + matrix);
        }
        INDArray array = array(matrix);
        long size = matrix.layout().size();
        return array.length() == size
                ? array
                : Nd4j.create(
                        array.data(),
                        new long[] {size},
                        new long[] {1},
                        matrix.layout().offset(),
                        'c');
    }

    /** The elements as a two-dimensional ND4J array with the matrix's stride. */
    static INDArray grid(NativeMatrix matrix) {
        return Nd4j.create(
                array(matrix).data(),
                new long[] {matrix.rows(), matrix.columns()},
                new long[] {matrix.stride(), 1},
                matrix.layout().offset(),
                'c');
    }

    /** Only where ND4J runs on the CPU. */
    @Override
    protected Pointer address() {
        Pointer known = address;
        if (known == null) {
            Pointer untyped = array.data().addressPointer();
            known = precision() == Precision.FLOAT64 ? new DoublePointer(untyped) : new FloatPointer(untyped);
            address = known;
        }
        return known;
    }

    @Override
    protected void free() {
        array.close();
    }
}
