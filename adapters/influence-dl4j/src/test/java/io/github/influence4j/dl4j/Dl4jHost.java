package io.github.influence4j.dl4j;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.testkit.HostModel;
import io.github.influence4j.testkit.Prediction;
import java.util.List;
import java.util.function.Function;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** A network of DL4J as its own judge: its losses, its parameters and its outputs. */
record Dl4jHost(
        Dl4jProvider own,
        DataSet data,
        Function<DataSet, INDArray> scores,
        Function<INDArray, INDArray> output,
        Function<String, INDArray> parameter)
        implements HostModel<DataSet> {

    @Override
    public GradientProvider<DataSet> provider() {
        return own;
    }

    @Override
    public ExampleSource<DataSet> examples() {
        return Dl4jProvider.examples(data);
    }

    @Override
    public double[] losses(List<DataSet> examples) {
        return scores.apply(DataSet.merge(examples)).toDoubleVector();
    }

    @Override
    public double[][] weights(LayerSpec layer) {
        INDArray w = parameter.apply(layer.name() + "_W");
        double[][] rows = w.rank() == 2
                ? w.transpose().toDoubleMatrix()
                : w.dup('c').reshape(layer.outputs(), layer.inputs()).toDoubleMatrix();
        if (!layer.bias()) {
            return rows;
        }
        double[] bias = parameter.apply(layer.name() + "_b").toDoubleVector();
        double[][] all = new double[rows.length][layer.gradientColumns()];
        for (int o = 0; o < rows.length; o++) {
            System.arraycopy(rows[o], 0, all[o], 0, layer.inputs());
            all[o][layer.inputs()] = bias[o];
        }
        return all;
    }

    @Override
    public void setWeights(LayerSpec layer, double[][] weights) {
        INDArray w = parameter.apply(layer.name() + "_W");
        for (int o = 0; o < layer.outputs(); o++) {
            for (int i = 0; i < layer.inputs(); i++) {
                if (w.rank() == 2) {
                    w.putScalar(i, o, weights[o][i]);
                } else {
                    int area = (int) (w.size(2) * w.size(3));
                    w.putScalar(
                            new int[] {o, i / area, (int) (i % area / w.size(3)), (int) (i % w.size(3))},
                            weights[o][i]);
                }
            }
            if (layer.bias()) {
                parameter.apply(layer.name() + "_b").putScalar(o, weights[o][layer.inputs()]);
            }
        }
    }

    @Override
    public Prediction prediction(DataSet example) {
        return own.loss().loss() == Loss.SQUARED_ERROR
                ? new Prediction.Normal(own.loss().scale())
                : new Prediction.Classes(output.apply(example.getFeatures()).toDoubleMatrix());
    }
}
