package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.PositionMask;
import java.util.Arrays;
import java.util.List;

/**
 * A model of sequences with two layers and squared error: tanh of a linear map at every token, summed over the tokens,
 * then a linear head without bias. A batch is padded to its longest sequence, with rubbish where the padding is.
 */
final class PooledTokens implements OutputHessianRoots<double[][]> {

    private static final double RUBBISH = 1e3;

    private final LayerSpec token;
    private final LayerSpec head;
    private final double[][] tokenWeights;
    private final double[][] headWeights;

    /** Weights of [hidden, features + 1] and [outputs, hidden]. */
    PooledTokens(double[][] tokenWeights, double[][] headWeights) {
        this.tokenWeights = tokenWeights;
        this.headWeights = headWeights;
        this.token = LayerSpec.tokens("token", tokenWeights[0].length - 1, tokenWeights.length);
        this.head = LayerSpec.dense("head", headWeights[0].length, headWeights.length)
                .withoutBias();
    }

    @Override
    public List<LayerSpec> layers() {
        return List.of(token, head);
    }

    @Override
    public int outputHessianColumns() {
        return head.outputs();
    }

    @Override
    public void capture(ExampleBatch<double[][]> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        if (!(objective instanceof Objective.OutputHessianRoot root)) {
            throw new UnsupportedOperationException("only the root of the output Hessian");
        }
        int n = batch.size();
        int t = batch.examples().stream()
                .mapToInt(sequence -> sequence.length)
                .max()
                .orElseThrow();
        double[][] inputs = rubbish(n * t, token.inputs());
        double[][] tokenGradients = rubbish(n * t, token.outputs());
        boolean[] real = new boolean[n * t];
        double[][] pooled = new double[n][head.inputs()];
        double[][] outputGradients = new double[n][head.outputs()];
        for (int e = 0; e < n; e++) {
            outputGradients[e][root.column()] = 1;
            double[][] sequence = batch.examples().get(e);
            for (int p = 0; p < sequence.length; p++) {
                real[e * t + p] = true;
                inputs[e * t + p] = sequence[p];
                for (int h = 0; h < pooled[e].length; h++) {
                    double hidden = hidden(sequence[p], h);
                    pooled[e][h] += hidden;
                    tokenGradients[e * t + p][h] = headWeights[root.column()][h] * (1 - hidden * hidden);
                }
            }
        }
        sink.accept(LayerCapture.of(head, Matrix.of(pooled), Matrix.of(outputGradients)));
        sink.accept(LayerCapture.of(token, n, t, Matrix.of(inputs), Matrix.of(tokenGradients))
                .withMask(PositionMask.of(real)));
    }

    private double hidden(double[] features, int unit) {
        double[] weights = tokenWeights[unit];
        double sum = weights[features.length];
        for (int f = 0; f < features.length; f++) {
            sum += weights[f] * features[f];
        }
        return Math.tanh(sum);
    }

    private static double[][] rubbish(int rows, int columns) {
        double[][] rubbish = new double[rows][columns];
        for (double[] row : rubbish) {
            Arrays.fill(row, RUBBISH);
        }
        return rubbish;
    }
}
