package io.github.influence4j.dl4j;

import io.github.influence4j.api.ExampleBatch;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The examples of a batch as arrays of one row an example. (DL4J's own merging takes as long as the backward pass of a small
 * network.)
 *
 * @param features [n, shape of the features]
 * @param labels [n, o]
 * @param rows the labels, [n, o]
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record MergedBatch(INDArray features, INDArray labels, double[][] rows) {

    /** Checks and joins examples, in the type of the network. */
    static MergedBatch of(ExampleBatch<DataSet> batch, DataType type) {
        int n = batch.size();
        DataSet first = batch.examples().get(0);
        check(first, first, batch.ids()[0]);
        int inputs = Math.toIntExact(first.getFeatures().length());
        int outputs = Math.toIntExact(first.getLabels().length());
        float[] features = new float[Math.multiplyExact(n, inputs)];
        float[] labels = new float[n * outputs];
        double[][] rows = new double[n][outputs];
        for (int e = 0; e < n; e++) {
            DataSet example = batch.examples().get(e);
            check(example, first, batch.ids()[e]);
            Floats.copy(example.getFeatures(), features, e * inputs);
            Floats.copy(example.getLabels(), labels, e * outputs);
            if (example.getLabels().dataType() == DataType.DOUBLE) {
                rows[e] = example.getLabels().toDoubleVector();
            } else {
                for (int o = 0; o < outputs; o++) {
                    rows[e][o] = labels[e * outputs + o];
                }
            }
        }
        return new MergedBatch(
                array(features, n, first.getFeatures(), type), array(labels, n, first.getLabels(), type), rows);
    }

    private static INDArray array(float[] values, int n, INDArray example, DataType type) {
        long[] shape = example.shape().clone();
        shape[0] = n;
        return Nd4j.create(values, shape, 'c').castTo(type);
    }

    private static void check(DataSet example, DataSet first, long id) {
        if (example.getLabels() == null || example.getFeatures().size(0) != 1) {
            throw new IllegalArgumentException("example " + id + ": expected one row with a label");
        }
        if (example.getFeaturesMaskArray() != null || example.getLabelsMaskArray() != null) {
            throw new IllegalArgumentException("example " + id + ": masks are for recurrent networks");
        }
        if (!Arrays.equals(example.getFeatures().shape(), first.getFeatures().shape())
                || !Arrays.equals(example.getLabels().shape(), first.getLabels().shape())) {
            throw new IllegalArgumentException("example " + id + ": features and labels of the shapes "
                    + Arrays.toString(example.getFeatures().shape()) + " and "
                    + Arrays.toString(example.getLabels().shape()) + ", others of its batch have "
                    + Arrays.toString(first.getFeatures().shape()) + " and "
                    + Arrays.toString(first.getLabels().shape()));
        }
    }
}
