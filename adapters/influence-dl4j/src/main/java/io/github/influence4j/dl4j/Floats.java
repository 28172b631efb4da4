package io.github.influence4j.dl4j;

import java.lang.ref.Reference;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A buffer on the heap that takes the numbers of an array, row-major, and is used again by the next batch. */
final class Floats {

    private float[] values = new float[0];

    /** Copies an array of any type and layout. */
    void copy(INDArray array) {
        int length = Math.toIntExact(array.length());
        if (values.length < length) {
            values = new float[length];
        }
        copy(array, values);
    }

    /** Copies an array of any type and layout to the start of another. */
    static void copy(INDArray array, float[] target) {
        INDArray floats = array.castTo(DataType.FLOAT);
        INDArray packed = isPacked(floats) ? floats : floats.dup('c');
        // the address of a view includes its offset
        try (FloatPointer pointer = new FloatPointer(packed.data().addressPointer())) {
            pointer.get(target, 0, Math.toIntExact(packed.length()));
        }
        Reference.reachabilityFence(packed); // the pointer does not keep ND4J from freeing the array
    }

    /** Says whether the numbers lie row-major without gaps. (ND4J's own test says no of a single row.) */
    private static boolean isPacked(INDArray array) {
        long packed = 1;
        for (int d = array.rank() - 1; d >= 0; d--) {
            if (array.size(d) != 1 && array.stride(d) != packed) {
                return false;
            }
            packed *= array.size(d);
        }
        return true;
    }

    /** The numbers, and whatever an earlier and larger batch left behind them. */
    float[] values() {
        return values;
    }
}
