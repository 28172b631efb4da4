package io.github.influence4j.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.testkit.HostModel;
import io.github.influence4j.testkit.Prediction;
import java.util.List;

/** A model of DJL as its own judge, with cross-entropy. */
record DjlHost(DjlProvider own, Block block, List<DjlExample> data) implements HostModel<DjlExample> {

    @Override
    public GradientProvider<DjlExample> provider() {
        return own;
    }

    @Override
    public ExampleSource<DjlExample> examples() {
        return ExampleSource.of(data);
    }

    @Override
    public double[] losses(List<DjlExample> examples) {
        return examples.stream()
                .mapToDouble(example -> {
                    double sum = 0;
                    double[][] outputs = Models.outputs(block, example);
                    for (int p = 0; p < outputs.length; p++) {
                        sum += Loss.SOFTMAX_CROSS_ENTROPY.value(outputs[p], example.targets()[p]);
                    }
                    return sum;
                })
                .toArray();
    }

    private Parameter find(String name) {
        // a block's path joins its children's names by dots, a parameter's by underscores
        String wanted = name.replace('.', '_');
        ParameterList parameters = block.getParameters();
        for (int k = 0; k < parameters.size(); k++) {
            if (parameters.keyAt(k).equals(wanted)) {
                return parameters.valueAt(k);
            }
        }
        throw new IllegalArgumentException("no parameter " + wanted + " among " + parameters.keys());
    }

    private static int group(LayerSpec layer) {
        int bracket = layer.name().indexOf('[');
        return bracket < 0
                ? 0
                : Integer.parseInt(
                        layer.name().substring(bracket + 1, layer.name().length() - 1));
    }

    private static String block(LayerSpec layer) {
        int bracket = layer.name().indexOf('[');
        return bracket < 0 ? layer.name() : layer.name().substring(0, bracket);
    }

    @Override
    public double[][] weights(LayerSpec layer) {
        float[] w = find(block(layer) + ".weight").getArray().toFloatArray();
        int start = group(layer) * layer.inputs() * layer.outputs();
        double[][] weights = new double[layer.outputs()][layer.gradientColumns()];
        for (int o = 0; o < layer.outputs(); o++) {
            for (int i = 0; i < layer.inputs(); i++) {
                weights[o][i] = w[start + o * layer.inputs() + i];
            }
            if (layer.bias()) {
                weights[o][layer.inputs()] =
                        find(block(layer) + ".bias").getArray().toFloatArray()[group(layer) * layer.outputs() + o];
            }
        }
        return weights;
    }

    @Override
    public void setWeights(LayerSpec layer, double[][] weights) {
        NDArray array = find(block(layer) + ".weight").getArray();
        float[] w = array.toFloatArray();
        int start = group(layer) * layer.inputs() * layer.outputs();
        for (int o = 0; o < layer.outputs(); o++) {
            for (int i = 0; i < layer.inputs(); i++) {
                w[start + o * layer.inputs() + i] = (float) weights[o][i];
            }
        }
        array.set(w);
        if (layer.bias()) {
            NDArray biases = find(block(layer) + ".bias").getArray();
            float[] b = biases.toFloatArray();
            for (int o = 0; o < layer.outputs(); o++) {
                b[group(layer) * layer.outputs() + o] = (float) weights[o][layer.inputs()];
            }
            biases.set(b);
        }
    }

    @Override
    public Prediction prediction(DjlExample example) {
        double[][] rows = Models.outputs(block, example);
        for (double[] row : rows) {
            Loss.SOFTMAX_CROSS_ENTROPY.predict(row.clone(), row);
        }
        return new Prediction.Classes(rows);
    }

    @Override
    public LayerSpec outputLayer() {
        return own.layers().get(own.layers().size() - 1);
    }
}
