package io.github.influence4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class KinksTest {

    @Test
    void anExampleAtAKinkIsFoundInWhicheverLayerItIs() {
        for (int layer = 0; layer < 2; layer++) {
            WorkloadData data = withAKink(Workload.named("tiny-tokens"), layer);
            Kinks kinks = Kinks.of(data);
            assertEquals(bits(7), kinks.train(), "layer " + layer);
            assertEquals(new BitSet(), kinks.queries());
        }
    }

    @Test
    void randomExamplesOfASmallModelAreAtNone() {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            Kinks kinks = Kinks.of(WorkloadData.make(Workload.named("tiny-mlp"), backend));
            assertTrue(kinks.train().isEmpty() && kinks.queries().isEmpty());
        }
    }

    @Test
    void squaresHaveNoKinks() {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            Kinks kinks = Kinks.of(WorkloadData.make(Workload.named("tiny-square"), backend));
            assertTrue(kinks.train().isEmpty() && kinks.queries().isEmpty());
        }
    }

    /** Sets a bias so that one unit of the second position of example 7 is zero to rounding. */
    private static WorkloadData withAKink(Workload named, int layer) {
        Workload workload = new Workload(
                named.name(),
                List.of(5, 6, 6, 4),
                named.positions(),
                named.train(),
                named.queries(),
                named.activation(),
                named.loss(),
                named.batchSize(),
                named.peerBatchSize(),
                named.lowRank());
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            WorkloadData data = WorkloadData.make(workload, backend);
            Examples train = data.train();
            double[] x = new double[train.width()];
            for (int c = 0; c < x.length; c++) {
                x[c] = train.inputs()[(7 * train.positions() + 1) * train.width() + c];
            }
            for (int l = 0; l < layer; l++) {
                x = layer(data, l, x);
            }
            List<float[]> biases = new ArrayList<>(data.biases());
            biases.set(layer, biases.get(layer).clone());
            double[] z = preactivations(data, layer, x);
            biases.get(layer)[3] -= (float) z[3];
            return new WorkloadData(workload, data.kernels(), biases, train, data.queries());
        }
    }

    private static double[] layer(WorkloadData data, int l, double[] x) {
        double[] z = preactivations(data, l, x);
        for (int o = 0; o < z.length; o++) {
            z[o] = Math.max(0, z[o]);
        }
        return z;
    }

    private static double[] preactivations(WorkloadData data, int l, double[] x) {
        double[] z = new double[data.biases().get(l).length];
        for (int o = 0; o < z.length; o++) {
            z[o] = data.biases().get(l)[o];
            for (int c = 0; c < x.length; c++) {
                z[o] += data.kernels().get(l)[o * x.length + c] * x[c];
            }
        }
        return z;
    }

    private static BitSet bits(int one) {
        BitSet bits = new BitSet();
        bits.set(one);
        return bits;
    }
}
