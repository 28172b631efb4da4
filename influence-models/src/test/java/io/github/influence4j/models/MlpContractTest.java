package io.github.influence4j.models;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.GradientProviderContract;
import io.github.influence4j.testkit.HostModel;
import io.github.influence4j.testkit.Prediction;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** The test kit's contract, with both losses. */
class MlpContractTest {

    @Nested
    class Classes extends GradientProviderContract<LabelledExample> {
        @Override
        protected HostModel<LabelledExample> host() {
            return new Host(MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 4, 5, 3));
        }
    }

    @Nested
    class Regression extends GradientProviderContract<LabelledExample> {
        @Override
        protected HostModel<LabelledExample> host() {
            return new Host(MlpShape.of(Activation.GELU, Loss.SQUARED_ERROR, 3, 4, 4, 2));
        }
    }

    private static final class Host implements HostModel<LabelledExample> {
        private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
        private final MlpShape shape;
        private final Mlp captured;
        private Mlp moved;

        Host(MlpShape shape) {
            this.shape = shape;
            this.captured = Networks.random(backend, shape, 5);
            this.moved = captured.withWeights(captured.weights());
        }

        @Override
        public GradientProvider<LabelledExample> provider() {
            return captured;
        }

        @Override
        public ExampleSource<LabelledExample> examples() {
            return ExampleSource.of(Networks.examples(shape, 6, 9));
        }

        @Override
        public double[] losses(List<LabelledExample> examples) {
            return moved.losses(new ExampleBatch<>(examples, new long[examples.size()]));
        }

        @Override
        public double[][] weights(LayerSpec layer) {
            return moved.weights().layer(layer.name()).toArray();
        }

        @Override
        public void setWeights(LayerSpec layer, double[][] weights) {
            LayerGradients old = moved.weights();
            moved = moved.withWeights(LayerGradients.of(
                    captured.layers(),
                    captured.layers().stream()
                            .map(l -> l.equals(layer) ? Matrix.of(weights) : old.layer(l.name()))
                            .toList()));
        }

        @Override
        public Prediction prediction(LabelledExample example) {
            return shape.loss() == Loss.SQUARED_ERROR
                    ? new Prediction.Normal(1)
                    : new Prediction.Classes(captured.predictions(new ExampleBatch<>(List.of(example), new long[1])));
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT64;
        }
    }
}
