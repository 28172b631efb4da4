package io.github.influence4j.ekfac;

import static io.github.influence4j.testkit.MatrixAssert.assertClose;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * In a deep linear network with squared error the gradients at a layer's outputs do not depend on its inputs, so that K-FAC
 * and EK-FAC on the exact output Hessian are the block-diagonal Gauss-Newton matrix itself.
 */
class LinearNetworkTest {

    private static final int EXAMPLES = 12;

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);
    private final Mlp model = Mlp.create(backend, MlpShape.of(Activation.IDENTITY, Loss.SQUARED_ERROR, 4, 3, 5, 2), 11);
    private final ExampleSource<LabelledExample> data = ExampleSource.of(examples());

    private static List<LabelledExample> examples() {
        SplittableRandom random = new SplittableRandom(3);
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < EXAMPLES; e++) {
            examples.add(LabelledExample.regression(
                    random.doubles(4, -1, 1).toArray(), random.doubles(2, -1, 1).toArray()));
        }
        return examples;
    }

    @Test
    void kfacOnTheExactOutputHessianIsTheBlockDiagonalGaussNewtonMatrix() {
        for (Strategy strategy : List.of(Strategy.KFAC, Strategy.EKFAC)) {
            FitOptions options = FitOptions.defaults().withStrategy(strategy).withBatchSize(5);
            try (EigenbasisCurvature curvature = EigenbasisApproximator.<LabelledExample>exactFisher(backend, options)
                    .fit(model, data)) {
                for (int l = 0; l < model.layers().size(); l++) {
                    assertClose(
                            block(l),
                            DenseFisher.matrix(curvature.layerCurvatures().get(l), 0),
                            Tolerances.EXACT_SOLVE,
                            strategy + " of " + model.layers().get(l).name());
                }
            }
        }
    }

    @Test
    void kfacOnSampledLabelsConvergesAtTheMonteCarloRate() {
        double few = meanError(4);
        double many = meanError(4 * 16);
        // 16 times the draws, a quarter of the error; 12 seeds leave about 15 % of noise in the ratio
        assertTrue(few / many > 2.8 && few / many < 5.6, "error fell by " + few / many + ", from " + few);
    }

    private double meanError(int draws) {
        double sum = 0;
        int seeds = 12;
        for (int seed = 0; seed < seeds; seed++) {
            FitOptions options = FitOptions.defaults()
                    .withStrategy(Strategy.KFAC)
                    .withLabels(new FisherLabels.Sampled(1000L * (seed + 1), draws));
            try (EigenbasisCurvature curvature =
                    EigenbasisApproximator.<LabelledExample>of(backend, options).fit(model, data)) {
                for (int l = 0; l < model.layers().size(); l++) {
                    double[][] exact = block(l);
                    double error = DenseFisher.distance(
                            exact,
                            DenseFisher.matrix(curvature.layerCurvatures().get(l), 0));
                    sum += error / DenseFisher.distance(exact, new double[exact.length][exact.length]);
                }
            }
        }
        return sum / seeds / model.layers().size();
    }

    /** The Gauss-Newton block of a layer, column by column from the model's own product. */
    private double[][] block(int layer) {
        LayerSpec spec = model.layers().get(layer);
        int start = model.layers().subList(0, layer).stream()
                .mapToInt(before -> (int) before.parameters())
                .sum();
        int size = (int) spec.parameters();
        int all = model.layers().stream().mapToInt(l -> (int) l.parameters()).sum();
        ExampleBatch<LabelledExample> batch = data.batches(EXAMPLES).iterator().next();
        double[][] block = new double[size][size];
        for (int c = 0; c < size; c++) {
            double[] unit = new double[all];
            unit[start + c] = 1;
            double[] column = model.product(batch, LayerGradients.ofFlat(model.layers(), unit))
                    .toFlat();
            for (int r = 0; r < size; r++) {
                block[r][c] = column[start + r] / EXAMPLES;
            }
        }
        return block;
    }
}
