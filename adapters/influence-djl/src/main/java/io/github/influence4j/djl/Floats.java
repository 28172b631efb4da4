package io.github.influence4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.nio.FloatBuffer;

/** A buffer on the heap that takes the numbers of an array, row-major, and is used again by the next batch. */
final class Floats {

    private float[] values = new float[0];

    /** Copies an array; what an earlier and larger batch left behind its numbers stays. */
    float[] copy(NDArray array) {
        NDArray floats = array.toType(DataType.FLOAT32, false);
        FloatBuffer source = floats.toByteBuffer(true).asFloatBuffer();
        int length = source.remaining();
        if (values.length < length) {
            values = new float[length];
        }
        source.get(values, 0, length);
        return values;
    }
}
