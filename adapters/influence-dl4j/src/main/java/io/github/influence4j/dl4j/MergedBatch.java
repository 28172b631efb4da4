package io.github.influence4j.dl4j;

import io.github.influence4j.api.ExampleBatch;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

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

    /** Checks and joins examples, in the type of the network and in the memory that is handed over. */
    static MergedBatch of(ExampleBatch<DataSet> batch, DataType type, Rows featureRows, Rows labelRows) {
        List<DataSet> examples = batch.examples();
        for (int e = 0; e < examples.size(); e++) {
            check(examples.get(e), examples.get(0), batch.ids()[e]);
        }
        INDArray features = featureRows.join(examples, DataSet::getFeatures);
        INDArray labels = labelRows.join(examples, DataSet::getLabels);
        return new MergedBatch(features.castTo(type), labels.castTo(type), rows(examples, labels));
    }

    private static double[][] rows(List<DataSet> examples, INDArray labels) {
        float[] values = new float[Math.toIntExact(labels.length())];
        Floats.copy(labels, values);
        int outputs = values.length / examples.size();
        double[][] rows = new double[examples.size()][outputs];
        for (int e = 0; e < rows.length; e++) {
            INDArray own = examples.get(e).getLabels();
            if (own.dataType() == DataType.DOUBLE) {
                rows[e] = own.toDoubleVector();
                continue;
            }
            for (int o = 0; o < outputs; o++) {
                rows[e][o] = values[e * outputs + o];
            }
        }
        return rows;
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
