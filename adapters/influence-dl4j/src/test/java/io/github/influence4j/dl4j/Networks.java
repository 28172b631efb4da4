package io.github.influence4j.dl4j;

import java.util.Random;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks with random weights and biases, and data for them. */
final class Networks {

    private Networks() {}

    /** Dense layers. */
    static MultiLayerNetwork dense(int seed) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Adam(0.01))
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(4)
                        .nOut(5)
                        .activation(Activation.TANH)
                        .build())
                .layer(new DenseLayer.Builder()
                        .nIn(5)
                        .nOut(4)
                        .activation(Activation.TANH)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nIn(4)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        return shaken(network, seed);
    }

    /** Convolutions with batch normalisation, pooling, dropout and a dense layer. */
    static MultiLayerNetwork convolutions(int seed) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Adam(0.01))
                .activation(Activation.SOFTPLUS)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .name("c1")
                        .nOut(3)
                        .padding(1, 1)
                        .build())
                .layer(new BatchNormalization.Builder().name("bn").build())
                .layer(new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.AVG)
                        .kernelSize(2, 2)
                        .stride(2, 2)
                        .build())
                .layer(new ConvolutionLayer.Builder(3, 2)
                        .name("c2")
                        .nOut(4)
                        .stride(2, 1)
                        .hasBias(false)
                        .convolutionMode(ConvolutionMode.Same)
                        .dropOut(0.5)
                        .build())
                .layer(new DenseLayer.Builder()
                        .name("fc")
                        .nOut(5)
                        .dropOut(0.5)
                        .activation(Activation.SIGMOID)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.NEGATIVELOGLIKELIHOOD)
                        .name("out")
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(6, 6, 2))
                .build());
        network.init();
        shaken(network, seed);
        for (int step = 0; step < 5; step++) {
            network.fit(images(16, 40 + step)); // fills the statistics of the batch normalisation
        }
        return network;
    }

    /** A residual graph that is trained by squared error. */
    static ComputationGraph residual(int seed, Activation output) {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Adam(0.01))
                .activation(Activation.SWISH)
                .graphBuilder()
                .addInputs("in")
                .addLayer("a", new DenseLayer.Builder().nIn(4).nOut(5).build(), "in")
                .addLayer("bn", new BatchNormalization.Builder().nIn(5).nOut(5).build(), "a")
                .addLayer("b", new DenseLayer.Builder().nIn(5).nOut(5).build(), "bn")
                .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "a", "b")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunction.MSE)
                                .nIn(5)
                                .nOut(2)
                                .activation(output)
                                .build(),
                        "sum")
                .setOutputs("out")
                .build());
        graph.init();
        graph.setParams(shake(graph.params(), seed));
        for (int step = 0; step < 5; step++) {
            graph.fit(values(16, 60 + step));
        }
        return graph;
    }

    /** Two convolutions side by side, joined by their channels, under a dense layer with dropout. */
    static ComputationGraph branches(int seed) {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(seed)
                .activation(Activation.TANH)
                .graphBuilder()
                .addInputs("in")
                .addLayer("left", new ConvolutionLayer.Builder(3, 3).nOut(3).build(), "in")
                .addLayer(
                        "right",
                        new ConvolutionLayer.Builder(2, 2)
                                .nOut(2)
                                .dilation(2, 2)
                                .build(),
                        "in")
                .addVertex("both", new MergeVertex(), "left", "right")
                .addLayer("fc", new DenseLayer.Builder().nOut(4).dropOut(0.5).build(), "both")
                .addLayer(
                        "out",
                        new OutputLayer.Builder(LossFunction.MCXENT)
                                .nOut(3)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "fc")
                .setOutputs("out")
                .setInputTypes(InputType.convolutional(6, 6, 2))
                .build());
        graph.init();
        graph.setParams(shake(graph.params(), seed));
        return graph;
    }

    private static MultiLayerNetwork shaken(MultiLayerNetwork network, int seed) {
        network.setParams(shake(network.params(), seed));
        return network;
    }

    /** Biases start at 0, where mistakes in them would not show. */
    private static INDArray shake(INDArray parameters, int seed) {
        Random random = new Random(seed);
        float[] values = parameters.toFloatVector();
        for (int k = 0; k < values.length; k++) {
            values[k] += (float) (0.2 * random.nextDouble());
        }
        return Nd4j.create(values, new long[] {1, values.length}, 'c');
    }

    static DataSet vectors(int n, int seed) {
        return new DataSet(random(seed, n, 4), classes(n, 3, seed));
    }

    static DataSet images(int n, int seed) {
        return new DataSet(random(seed, n, 2, 6, 6), classes(n, 3, seed));
    }

    static DataSet values(int n, int seed) {
        return new DataSet(random(seed, n, 4), random(seed + 1, n, 2));
    }

    private static INDArray random(int seed, long... shape) {
        Random random = new Random(seed);
        int length = 1;
        for (long s : shape) {
            length *= (int) s;
        }
        float[] values = new float[length];
        for (int k = 0; k < length; k++) {
            values[k] = (float) random.nextGaussian();
        }
        return Nd4j.create(values, shape, 'c');
    }

    private static INDArray classes(int n, int count, int seed) {
        Random random = new Random(seed + 7);
        INDArray labels = Nd4j.zeros(n, count);
        for (int e = 0; e < n; e++) {
            labels.putScalar(e, random.nextInt(count), 1);
        }
        return labels;
    }
}
