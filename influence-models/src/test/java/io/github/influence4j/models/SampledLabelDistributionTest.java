package io.github.influence4j.models;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.testkit.Tolerances;
import java.util.Arrays;
import java.util.Collections;
import java.util.stream.LongStream;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.stat.correlation.PearsonsCorrelation;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;

/** What is drawn for one example under many ids follows the model's prediction; Commons Math is the judge. */
class SampledLabelDistributionTest {

    private static final int DRAWS = 20_000;

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    @Test
    void classesComeAsOftenAsTheirProbabilitiesSay() {
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 3, 4, 5);
        try (Mlp model = Networks.random(backend, shape, 31)) {
            ExampleBatch<LabelledExample> batch = repeated(shape);
            double[] expected = model.predictions(batch)[0];
            long[] counts = new long[shape.outputs()];
            for (double[] gradient : lastGradients(model, batch)) {
                for (int c = 0; c < gradient.length; c++) {
                    // p − e is negative at the drawn class only
                    counts[c] += gradient[c] < 0 ? 1 : 0;
                }
            }
            assertTrue(Arrays.stream(counts).sum() == DRAWS, () -> "one class a draw: " + Arrays.toString(counts));
            double p = new ChiSquareTest().chiSquareTest(expected, counts);
            assertTrue(p > Tolerances.P_VALUE, () -> "p = " + p + " for counts " + Arrays.toString(counts));
        }
    }

    @Test
    void squaredErrorDrawsIndependentStandardNormals() {
        MlpShape shape = MlpShape.of(Activation.RELU, Loss.SQUARED_ERROR, 3, 2);
        try (Mlp model = Networks.random(backend, shape, 31)) {
            double[][] gradients = lastGradients(model, repeated(shape));
            double[][] byOutput = new double[2][DRAWS];
            for (int c = 0; c < 2; c++) {
                int column = c;
                Arrays.setAll(byOutput[c], e -> gradients[e][column]);
                double p = new KolmogorovSmirnovTest().kolmogorovSmirnovTest(new NormalDistribution(), byOutput[c]);
                assertTrue(p > Tolerances.P_VALUE, () -> "output " + column + ": p = " + p);
            }
            PearsonsCorrelation correlation = new PearsonsCorrelation(gradients);
            double p = correlation.getCorrelationPValues().getEntry(0, 1);
            assertTrue(p > Tolerances.P_VALUE, () -> "correlated outputs: p = " + p);
        }
    }

    private static ExampleBatch<LabelledExample> repeated(MlpShape shape) {
        return new ExampleBatch<>(
                Collections.nCopies(DRAWS, Networks.examples(shape, 1, 41).get(0)),
                LongStream.range(0, DRAWS).toArray());
    }

    private static double[][] lastGradients(Mlp model, ExampleBatch<LabelledExample> batch) {
        double[][][] taken = new double[1][][];
        model.capture(
                batch,
                new Objective.SampledLabels(17),
                model.layers().subList(model.layers().size() - 1, model.layers().size()),
                capture -> taken[0] = capture.outputGradients().toArray());
        return taken[0];
    }
}
