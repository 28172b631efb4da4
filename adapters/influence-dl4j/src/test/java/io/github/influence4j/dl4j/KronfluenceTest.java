package io.github.influence4j.dl4j;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The scores that kronfluence computes in float64 for the same convolutional network (see golden.py of influence-djl, whose
 * file this is).
 */
class KronfluenceTest {

    private static JsonNode golden(String name) throws IOException {
        try (InputStream in =
                Objects.requireNonNull(KronfluenceTest.class.getResourceAsStream("/golden/" + name + ".json"))) {
            return JsonMapper.shared().readTree(in);
        }
    }

    /** Patches and output gradients are those of PyTorch's own unfold and autograd in float64. */
    @Test
    void capturesOfConvolutions() throws IOException {
        JsonNode golden = golden("convolutions");
        JsonNode captures = golden("captures");
        Dl4jProvider provider = Dl4jProvider.of(network(golden.get("weights")));
        ExampleBatch<DataSet> batch = Dl4jProvider.examples(data(golden.get("train")))
                .batches(3)
                .iterator()
                .next();
        provider.capture(batch, new Objective.TrainingLoss(), provider.layers(), capture -> {
            JsonNode layer = captures.get(capture.layer().name());
            MatrixAssert.assertClose(
                    table(layer.get("inputs")),
                    capture.activations().toArray(),
                    Tolerances.REORDERED_FLOAT32,
                    "inputs of " + capture.layer().name());
            MatrixAssert.assertClose(
                    table(layer.get("gradients")),
                    capture.outputGradients().toArray(),
                    Tolerances.REORDERED_FLOAT32,
                    "output gradients of " + capture.layer().name());
        });
    }

    private static double[][] table(JsonNode rows) {
        double[][] table = new double[rows.size()][rows.get(0).size()];
        for (int r = 0; r < table.length; r++) {
            for (int c = 0; c < table[r].length; c++) {
                table[r][c] = rows.get(r).get(c).asDouble();
            }
        }
        return table;
    }

    @Test
    void convolutions() throws IOException {
        JsonNode golden = golden("convolutions");
        Dl4jProvider provider = Dl4jProvider.of(network(golden.get("weights")));
        ExampleSource<DataSet> train = Dl4jProvider.examples(data(golden.get("train")));
        ExampleSource<DataSet> queries = Dl4jProvider.examples(data(golden.get("queries")));
        try (MatrixBackend backend = MatrixBackends.named("nd4j", Precision.FLOAT32);
                EigenbasisCurvature curvature = EigenbasisApproximator.<DataSet>of(
                                backend, FitOptions.defaults().withLabels(FisherLabels.sampled(7)))
                        .fit(provider, train);
                IhvpSolver solver = curvature.solver(Damping.relative(0.1))) {
            InfluenceScores scores = new InfluenceScorer<>(
                            backend, provider, ScoreOptions.defaults().withPerLayer(true), ProgressListener.silent())
                    .pairwise(solver, queries, train);
            for (LayerSpec layer : provider.layers()) {
                MatrixAssert.assertClose(
                        table(golden.get("scores").get(layer.name())),
                        scores.layer(layer.name()).toArray(),
                        Tolerances.PARITY_FLOAT32,
                        "scores at " + layer.name());
            }
        }
    }

    private static MultiLayerNetwork network(JsonNode weights) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .activation(Activation.TANH)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .name("01Conv2d")
                        .nOut(3)
                        .padding(1, 1)
                        .build())
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .name("03Conv2d")
                        .nOut(4)
                        .stride(2, 2)
                        .hasBias(false)
                        .build())
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .name("06Linear")
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(6, 6, 2))
                .build());
        network.init();
        network.getParam("0_W").assign(array(weights.get("01Conv2d/weight"), 3, 2, 3, 3));
        network.getParam("0_b").assign(array(weights.get("01Conv2d/bias"), 1, 3));
        network.getParam("1_W").assign(array(weights.get("03Conv2d/weight"), 4, 3, 3, 3));
        network.getParam("2_W")
                .assign(array(weights.get("06Linear/weight"), 3, 16).transpose());
        network.getParam("2_b").assign(array(weights.get("06Linear/bias"), 1, 3));
        return network;
    }

    private static DataSet data(JsonNode set) {
        int n = set.get("inputs").size();
        INDArray features = Nd4j.zeros(n, 2 * 6 * 6);
        INDArray labels = Nd4j.zeros(n, 3);
        for (int e = 0; e < n; e++) {
            features.putRow(e, array(set.get("inputs").get(e), 72));
            labels.putScalar(e, set.get("labels").get(e).get(0).asInt(), 1);
        }
        return new DataSet(features.reshape(n, 2, 6, 6), labels);
    }

    private static INDArray array(JsonNode values, long... shape) {
        float[] floats = new float[values.size()];
        for (int k = 0; k < floats.length; k++) {
            floats[k] = (float) values.get(k).asDouble();
        }
        return Nd4j.create(floats, shape, 'c');
    }
}
