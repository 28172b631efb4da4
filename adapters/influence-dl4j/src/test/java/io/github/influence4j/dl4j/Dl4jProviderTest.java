package io.github.influence4j.dl4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.Objective;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** What is refused, what is reported, and that the user's network stays as it was. */
class Dl4jProviderTest {

    @Test
    void theNetworkIsUnchangedBitForBit() {
        MultiLayerNetwork network = Networks.convolutions(3);
        network.setListeners(new ScoreIterationListener(1000));
        float[] parameters = network.params().toFloatVector();
        float[] updater = network.getUpdater().getStateViewArray().toFloatVector();
        String configuration = network.getLayerWiseConfigurations().toJson();
        INDArray features = Networks.images(4, 9).getFeatures();
        float[] outputs = network.output(features).dup().data().asFloat();
        capture(Dl4jProvider.of(network, "bn"), Networks.images(7, 4));
        assertArrayEquals(parameters, network.params().toFloatVector());
        assertArrayEquals(updater, network.getUpdater().getStateViewArray().toFloatVector());
        assertEquals(configuration, network.getLayerWiseConfigurations().toJson());
        assertArrayEquals(outputs, network.output(features).dup().data().asFloat());
        assertEquals(1, network.getListeners().size());
    }

    @Test
    void theGraphIsUnchangedBitForBit() {
        ComputationGraph graph = Networks.residual(3, Activation.TANH);
        graph.setListeners(new ScoreIterationListener(1000));
        float[] parameters = graph.params().toFloatVector();
        String configuration = graph.getConfiguration().toJson();
        capture(Dl4jProvider.of(graph, "bn"), Networks.values(7, 4));
        assertArrayEquals(parameters, graph.params().toFloatVector());
        assertEquals(configuration, graph.getConfiguration().toJson());
        assertEquals(1, graph.getListeners().size());
    }

    private static void capture(Dl4jProvider provider, DataSet data) {
        for (ExampleBatch<DataSet> batch : Dl4jProvider.examples(data).batches(3)) {
            provider.capture(batch, new Objective.SampledLabels(1), provider.layers(), capture -> {});
        }
    }

    @Test
    void capturesSumToTheGradientOfDl4j() {
        MultiLayerNetwork network = Networks.dense(3);
        DataSet data = Networks.vectors(6, 8);
        network.setInput(data.getFeatures());
        network.setLabels(data.getLabels());
        network.computeGradientAndScore();
        Dl4jProvider provider = Dl4jProvider.of(network);
        ExampleBatch<DataSet> batch =
                Dl4jProvider.examples(data).batches(6).iterator().next();
        provider.capture(batch, new Objective.TrainingLoss(), provider.layers(), capture -> {
            double[][] a = capture.activations().toArray();
            double[][] g = capture.outputGradients().toArray();
            double[][] sum =
                    new double[capture.layer().inputs()][capture.layer().outputs()];
            for (int e = 0; e < 6; e++) {
                for (int i = 0; i < sum.length; i++) {
                    for (int o = 0; o < sum[i].length; o++) {
                        sum[i][o] += a[e][i] * g[e][o];
                    }
                }
            }
            String name = capture.layer().name().replace("layer", "") + "_W";
            double[][] own = network.gradient().getGradientFor(name).toDoubleMatrix();
            MatrixAssert.assertClose(own, sum, Tolerances.REORDERED_FLOAT32, name);
        });
    }

    @Test
    void examplesMayLieInMemoryInAnyWay() {
        DataSet data = Networks.vectors(5, 8);
        INDArray features = data.getFeatures();
        Dl4jProvider provider = Dl4jProvider.of(Networks.dense(3));
        for (INDArray same : List.of(features, features.dup('f'), features.castTo(DataType.DOUBLE))) {
            for (INDArray labels : List.of(data.getLabels(), data.getLabels().dup('f'))) {
                List<double[]> read = new ArrayList<>();
                // three examples and then two: the memory of the first batch does not fit the second
                for (ExampleBatch<DataSet> batch :
                        Dl4jProvider.examples(new DataSet(same, labels)).batches(3)) {
                    provider.capture(
                            batch,
                            new Objective.TrainingLoss(),
                            provider.layers().subList(0, 1),
                            capture -> read.addAll(List.of(capture.activations().toArray())));
                }
                assertArrayEquals(features.toDoubleMatrix(), read.toArray(double[][]::new));
            }
        }
    }

    @Test
    void layersThatCannotBeTracedAreRefusedByName() {
        MultiLayerNetwork network = Networks.convolutions(3);
        String refusal = message(() -> Dl4jProvider.of(network));
        assertTrue(refusal.contains("bn (BatchNormalization, 12 parameters)"), refusal);
        Dl4jProvider provider = Dl4jProvider.of(network, "bn", "fc");
        assertEquals(
                List.of("c1", "c2", "out"),
                provider.layers().stream().map(l -> l.name()).toList());
        assertEquals(
                network.numParams(),
                provider.coverage().traced()
                        + provider.coverage().uncovered().stream()
                                .mapToLong(u -> u.parameters())
                                .sum());
        assertTrue(provider.coverage().toString().contains("bn (BatchNormalization): 12 parameters"));
        assertTrue(message(() -> Dl4jProvider.of(network, "bn", "nonsense")).contains("nonsense"));
    }

    @Test
    void embeddingsAndDepthwiseConvolutionsAreNamed() {
        MultiLayerNetwork embedding = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new EmbeddingLayer.Builder().nIn(10).nOut(4).build())
                .layer(output(4, LossFunction.MCXENT, Activation.SOFTMAX))
                .build());
        embedding.init();
        assertTrue(message(() -> Dl4jProvider.of(embedding)).contains("layer0 (EmbeddingLayer"));
        MultiLayerNetwork depthwise = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(new DepthwiseConvolution2D.Builder()
                        .depthMultiplier(2)
                        .kernelSize(2, 2)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .nOut(2)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(4, 4, 2))
                .build());
        depthwise.init();
        assertTrue(message(() -> Dl4jProvider.of(depthwise)).contains("layer0 (DepthwiseConvolution2D"));
    }

    @Test
    void otherLossesAreRefused() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(output(4, LossFunction.XENT, Activation.SIGMOID))
                .build());
        network.init();
        assertTrue(message(() -> Dl4jProvider.of(network)).contains("expected softmax with MCXENT"));
    }

    private static OutputLayer output(int inputs, LossFunction loss, Activation activation) {
        return new OutputLayer.Builder(loss)
                .nIn(inputs)
                .nOut(2)
                .activation(activation)
                .build();
    }

    @Test
    void badExamplesAreNamed() {
        Dl4jProvider provider = Dl4jProvider.of(Networks.dense(3));
        DataSet twice = new DataSet(Nd4j.ones(1, 4), Nd4j.ones(1, 3));
        assertTrue(message(() -> capture(provider, twice)).contains("example 0: the label must be one class"));
        DataSet none = new DataSet(Nd4j.ones(1, 4), Nd4j.zeros(1, 3));
        assertTrue(message(() -> capture(provider, none)).contains("example 0: the label has no class"));
        ExampleBatch<DataSet> rows = new ExampleBatch<>(List.of(Networks.vectors(2, 1)), new long[] {5});
        assertTrue(message(() -> provider.capture(rows, new Objective.TrainingLoss(), provider.layers(), c -> {}))
                .contains("example 5: expected one row"));
    }

    @Test
    void fingerprintFollowsTheWeights() {
        MultiLayerNetwork network = Networks.dense(3);
        String before = Dl4jProvider.of(network).fingerprint().orElseThrow();
        assertEquals(before, Dl4jProvider.of(network).fingerprint().orElseThrow());
        network.getParam("0_W").addi(1e-3);
        assertNotEquals(before, Dl4jProvider.of(network).fingerprint().orElseThrow());
    }

    private static String message(Runnable action) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, action::run).getMessage());
    }
}
