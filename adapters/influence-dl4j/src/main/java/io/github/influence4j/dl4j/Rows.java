package io.github.influence4j.dl4j;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** An array that takes one row an example, and is filled again by the next batch: fresh memory costs more than the copy. */
final class Rows {

    private INDArray array = Nd4j.empty(DataType.FLOAT);

    /**
     * Copies one part of each example.
     *
     * @param examples n examples whose parts have the same shape, [1, ...]
     * @param part features or labels
     * @return [n, ...], until the next call
     */
    INDArray join(List<DataSet> examples, Function<DataSet, INDArray> part) {
        long[] shape = part.apply(examples.get(0)).shape().clone();
        shape[0] = examples.size();
        if (!Arrays.equals(array.shape(), shape)) {
            // a workspace of the caller's would take the array back
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                array = Nd4j.createUninitialized(DataType.FLOAT, shape, 'c');
            }
        }
        float[] row = new float[Math.toIntExact(array.length() / examples.size())];
        try (FloatPointer pointer = new FloatPointer(array.data().addressPointer())) {
            for (int e = 0; e < examples.size(); e++) {
                Floats.copy(part.apply(examples.get(e)), row);
                pointer.position((long) e * row.length).put(row);
            }
        }
        return array;
    }
}
