package io.github.influence4j.dl4j;

import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.shape.Shape;

/** A buffer on the heap that takes the numbers of an array, row-major, and is used again by the next batch. */
final class Floats {

    private float[] values = new float[0];

    /** Copies an array of any type and layout. */
    void copy(INDArray array) {
        int length = Math.toIntExact(array.length());
        if (values.length < length) {
            values = new float[length];
        }
        copy(array, values, 0);
    }

    /** Copies an array of any type and layout to a place in another. */
    static void copy(INDArray array, float[] target, int offset) {
        INDArray packed = array.dataType() == DataType.FLOAT ? array : array.castTo(DataType.FLOAT);
        if (packed.ordering() != 'c' || !Shape.hasDefaultStridesForShape(packed)) {
            packed = packed.dup('c');
        }
        // the address of a view includes its offset
        try (FloatPointer pointer = new FloatPointer(packed.data().addressPointer())) {
            pointer.get(target, offset, Math.toIntExact(packed.length()));
        }
    }

    /** The numbers, and whatever an earlier and larger batch left behind them. */
    float[] values() {
        return values;
    }
}
