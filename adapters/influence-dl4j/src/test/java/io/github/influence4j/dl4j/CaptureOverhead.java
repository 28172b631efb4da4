package io.github.influence4j.dl4j;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.Objective;
import java.util.Arrays;
import java.util.Locale;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Times a capture against DL4J's own forward and backward pass, taking turns, median of 40. For a person to run. */
final class CaptureOverhead {

    private static final int N = 128;

    private CaptureOverhead() {}

    public static void main(String[] args) {
        measure("perceptron 784-512-512-10, batch of 128", dense(), Nd4j.randn(N, 784));
        measure("16 and 32 filters of 3x3 on 3x32x32, batch of 128", convolutions(), Nd4j.randn(N, 3, 32, 32));
    }

    private static void measure(String what, MultiLayerNetwork network, INDArray features) {
        INDArray labels = Nd4j.zeros(N, 10);
        for (int e = 0; e < N; e++) {
            labels.putScalar(e, e % 10, 1);
        }
        DataSet data = new DataSet(features, labels);
        Dl4jProvider provider = Dl4jProvider.of(network);
        ExampleBatch<DataSet> batch =
                Dl4jProvider.examples(data).batches(N).iterator().next();
        double[] own = new double[40];
        double[] capture = new double[40];
        double[] unfolded = new double[40];
        for (int k = -10; k < 40; k++) {
            long start = System.nanoTime();
            network.setInput(features);
            network.setLabels(labels);
            network.computeGradientAndScore();
            long middle = System.nanoTime();
            provider.capture(batch, new Objective.SampledLabels(1), provider.layers(), c -> {});
            long end = System.nanoTime();
            provider.capture(batch, new Objective.SampledLabels(1), provider.layers(), c -> {
                float[] block = new float[c.activations().columns() * 256];
                for (int row = 0; row < c.rows(); row += 256) {
                    c.activations().read(row, Math.min(256, c.rows() - row), block, 0);
                }
            });
            if (k >= 0) {
                own[k] = (middle - start) / 1e6;
                capture[k] = (end - middle) / 1e6;
                unfolded[k] = (System.nanoTime() - end) / 1e6;
            }
        }
        System.out.printf(
                Locale.ROOT,
                "| DL4J | %s | %.1f | %.1f | %.2f | (with all rows read %.1f; shortest %.1f, %.1f, %.2f)%n",
                what,
                median(own),
                median(capture),
                median(capture) / median(own),
                median(unfolded),
                shortest(own),
                shortest(capture),
                shortest(capture) / shortest(own));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static double shortest(double[] values) {
        return Arrays.stream(values).min().orElseThrow();
    }

    private static MultiLayerNetwork dense() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .activation(Activation.RELU)
                .list()
                .layer(new DenseLayer.Builder().nIn(784).nOut(512).build())
                .layer(new DenseLayer.Builder().nIn(512).nOut(512).build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(512)
                        .nOut(10)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        return network;
    }

    private static MultiLayerNetwork convolutions() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .activation(Activation.RELU)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(16).stride(2, 2).build())
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(32).stride(2, 2).build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(10)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(32, 32, 3))
                .build());
        network.init();
        return network;
    }
}
