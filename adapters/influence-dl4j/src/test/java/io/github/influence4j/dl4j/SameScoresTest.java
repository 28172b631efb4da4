package io.github.influence4j.dl4j;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;

/** The same weights, data and drawn labels give the same EK-FAC scores as the library's own network. */
class SameScoresTest {

    @Test
    void denseNetwork() {
        MultiLayerNetwork network = Networks.dense(5);
        DataSet train = Networks.vectors(60, 1);
        DataSet queries = Networks.vectors(6, 2);
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 4, 5, 4, 3);
        try (MatrixBackend backend = MatrixBackends.named("nd4j", Precision.FLOAT32);
                Mlp initial = Mlp.create(backend, shape, 1);
                Mlp model = initial.withWeights(weights(network, initial.layers()))) {
            InfluenceScores expected = scores(backend, model, examples(train), examples(queries));
            InfluenceScores actual = scores(
                    backend, Dl4jProvider.of(network), Dl4jProvider.examples(train), Dl4jProvider.examples(queries));
            MatrixAssert.assertClose(
                    expected.matrix(), actual.matrix(), Tolerances.PARITY_FLOAT32, "scores [query][train]");
        }
    }

    static <E> InfluenceScores scores(
            MatrixBackend backend, GradientProvider<E> model, ExampleSource<E> train, ExampleSource<E> queries) {
        try (Curvature curvature = EigenbasisApproximator.<E>of(backend, FitOptions.defaults())
                        .fit(model, train);
                IhvpSolver solver = curvature.solver(Damping.DEFAULT)) {
            return new InfluenceScorer<>(backend, model).pairwise(solver, queries, train);
        }
    }

    private static LayerGradients weights(MultiLayerNetwork network, List<LayerSpec> layers) {
        Dl4jHost host = new Dl4jHost(
                Dl4jProvider.of(network),
                Networks.vectors(3, 1),
                data -> data.getFeatures(),
                f -> f,
                name -> Objects.requireNonNull(network.getParam(name.replace("layer", ""))));
        List<Matrix> matrices = new ArrayList<>();
        host.provider().layers().forEach(layer -> matrices.add(Matrix.of(host.weights(layer))));
        return LayerGradients.of(layers, matrices);
    }

    private static ExampleSource<LabelledExample> examples(DataSet data) {
        double[][] features = data.getFeatures().toDoubleMatrix();
        int[] labels = data.getLabels().argMax(1).toIntVector();
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < labels.length; e++) {
            examples.add(LabelledExample.classified(features[e], labels[e]));
        }
        return ExampleSource.of(examples);
    }
}
