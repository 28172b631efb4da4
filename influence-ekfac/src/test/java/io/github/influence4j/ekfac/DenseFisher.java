package io.github.influence4j.ekfac;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.internal.solve.LayerCurvature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;

/** The oracle: gradients and matrices written out in full, in plain loops over doubles. */
public final class DenseFisher {

    private DenseFisher() {}

    /** The flat gradient of every example at one layer, row-major [o, i], from captures of one example at a time. */
    public static <E> List<double[]> gradients(
            GradientProvider<E> model, ExampleSource<E> data, Objective objective, LayerSpec layer) {
        List<double[]> gradients = new ArrayList<>();
        for (ExampleBatch<E> batch : data.batches(1)) {
            model.capture(batch, objective, List.of(layer), capture -> gradients.add(gradient(capture)));
        }
        return gradients;
    }

    private static double[] gradient(LayerCapture capture) {
        double[] sum = new double[Math.toIntExact(capture.layer().parameters())];
        for (double[] token : ofTokens(capture)) {
            Arrays.setAll(sum, k -> sum[k] + token[k]);
        }
        return sum;
    }

    /** For every example the flat part of each token in its gradient at one layer, all uses of the layer added up. */
    public static <E> List<double[][]> tokenGradients(
            GradientProvider<E> model, ExampleSource<E> data, Objective objective, LayerSpec layer) {
        List<double[][]> gradients = new ArrayList<>();
        for (ExampleBatch<E> batch : data.batches(1)) {
            model.capture(batch, objective, List.of(layer), capture -> gradients.add(ofTokens(capture)));
        }
        return gradients;
    }

    private static double[][] ofTokens(LayerCapture capture) {
        LayerSpec layer = capture.layer();
        int columns = layer.gradientColumns();
        double[][] a = capture.activations().toArray();
        double[][] g = capture.outputGradients().toArray();
        double[][] flat = new double[a.length / capture.uses()][layer.outputs() * columns];
        for (int p = 0; p < a.length; p++) {
            if (!capture.mask().isReal(p)) {
                continue;
            }
            for (int o = 0; o < layer.outputs(); o++) {
                for (int i = 0; i < columns; i++) {
                    flat[p % flat.length][o * columns + i] += g[p][o] * (i < layer.inputs() ? a[p][i] : 1);
                }
            }
        }
        return flat;
    }

    /** Mean outer product of gradients. */
    public static double[][] fisher(List<double[]> gradients, double count) {
        int d = gradients.get(0).length;
        double[][] fisher = new double[d][d];
        for (double[] gradient : gradients) {
            for (int r = 0; r < d; r++) {
                for (int c = 0; c < d; c++) {
                    fisher[r][c] += gradient[r] * gradient[c] / count;
                }
            }
        }
        return fisher;
    }

    /** A fitted layer's curvature in full, plus λ: (Q_S ⊗ Q_A) diag(Λ + λ) (Q_S ⊗ Q_A)ᵀ in row-major order. */
    public static double[][] matrix(LayerCurvature curvature, double lambda) {
        double[][] values = curvature.eigenvalues().orElseThrow().toArray();
        int o = values.length;
        int i = values[0].length;
        double[][] qs =
                curvature.basis().map(b -> b.gradientVectors().toArray()).orElseGet(() -> identity(o));
        double[][] qa =
                curvature.basis().map(b -> b.activationVectors().toArray()).orElseGet(() -> identity(i));
        return assemble(qs, qa, values, lambda);
    }

    private static double[][] assemble(double[][] qs, double[][] qa, double[][] values, double lambda) {
        int o = qs.length;
        int i = qa.length;
        double[][] matrix = new double[o * i][o * i];
        for (int r = 0; r < o * i; r++) {
            for (int c = 0; c < o * i; c++) {
                double sum = 0;
                for (int k = 0; k < o; k++) {
                    for (int l = 0; l < i; l++) {
                        sum += qs[r / i][k] * qa[r % i][l] * (values[k][l] + lambda) * qs[c / i][k] * qa[c % i][l];
                    }
                }
                matrix[r][c] = sum;
            }
        }
        return matrix;
    }

    /**
     * EK-FAC with covariances in diagonal blocks, plus λ, from captures of one example at a time: covariances, their blocks
     * decomposed by Commons Math, and the mean squares of rotated gradients, all in plain loops.
     */
    public static <E> double[][] splitEkfac(
            GradientProvider<E> model,
            ExampleSource<E> data,
            Objective objective,
            LayerSpec layer,
            int blocks,
            double lambda) {
        List<double[]> inputs = new ArrayList<>();
        List<double[]> outputGradients = new ArrayList<>();
        for (ExampleBatch<E> batch : data.batches(1)) {
            model.capture(batch, objective, List.of(layer), capture -> {
                double[][] a = capture.activations().toArray();
                double[][] g = capture.outputGradients().toArray();
                for (int p = 0; p < a.length; p++) {
                    if (capture.mask().isReal(p)) {
                        double[] withBias = Arrays.copyOf(a[p], layer.gradientColumns());
                        Arrays.fill(withBias, layer.inputs(), withBias.length, 1);
                        inputs.add(withBias);
                        outputGradients.add(g[p]);
                    }
                }
            });
        }
        double[][] qa = blockVectors(fisher(inputs, inputs.size()), blocks);
        double[][] qs = blockVectors(fisher(outputGradients, inputs.size()), blocks);
        List<double[]> gradients = gradients(model, data, objective, layer);
        return assemble(qs, qa, meanSquares(qs, qa, gradients), lambda);
    }

    /**
     * The gradient basis with corrected eigenvalues, plus λ: eigenvectors of E[GᵀG] and E[GGᵀ] by Commons Math, and mean squares
     * of rotated gradients, all in plain loops.
     */
    public static double[][] gradientBasis(List<double[]> gradients, LayerSpec layer, int blocks, double lambda) {
        int columns = layer.gradientColumns();
        List<double[]> rows = new ArrayList<>();
        List<double[]> transposedRows = new ArrayList<>();
        for (double[] gradient : gradients) {
            for (int o = 0; o < layer.outputs(); o++) {
                rows.add(Arrays.copyOfRange(gradient, o * columns, (o + 1) * columns));
            }
            for (int i = 0; i < columns; i++) {
                double[] column = new double[layer.outputs()];
                for (int o = 0; o < column.length; o++) {
                    column[o] = gradient[o * columns + i];
                }
                transposedRows.add(column);
            }
        }
        double[][] qa = blockVectors(fisher(rows, gradients.size()), blocks);
        double[][] qs = blockVectors(fisher(transposedRows, gradients.size()), blocks);
        return assemble(qs, qa, meanSquares(qs, qa, gradients), lambda);
    }

    private static double[][] meanSquares(double[][] qs, double[][] qa, List<double[]> gradients) {
        double[][] values = new double[qs.length][qa.length];
        for (double[] gradient : gradients) {
            for (int k = 0; k < qs.length; k++) {
                for (int l = 0; l < qa.length; l++) {
                    double rotated = 0;
                    for (int p = 0; p < gradient.length; p++) {
                        rotated += qs[p / qa.length][k] * gradient[p] * qa[p % qa.length][l];
                    }
                    values[k][l] += rotated * rotated / gradients.size();
                }
            }
        }
        return values;
    }

    /** Eigenvectors of the diagonal blocks: the first n mod O blocks are larger by one. */
    private static double[][] blockVectors(double[][] covariance, int blocks) {
        int n = covariance.length;
        int count = Math.min(n, blocks);
        double[][] vectors = new double[n][n];
        int start = 0;
        for (int k = 0; k < count; k++) {
            int end = start + n / count + (k < n % count ? 1 : 0);
            double[][] block = new double[end - start][];
            for (int r = start; r < end; r++) {
                block[r - start] = Arrays.copyOfRange(covariance[r], start, end);
            }
            double[][] v = new EigenDecomposition(new Array2DRowRealMatrix(block))
                    .getV()
                    .getData();
            for (int r = start; r < end; r++) {
                System.arraycopy(v[r - start], 0, vectors[r], start, end - start);
            }
            start = end;
        }
        return vectors;
    }

    private static double[][] identity(int n) {
        double[][] identity = new double[n][n];
        for (int k = 0; k < n; k++) {
            identity[k][k] = 1;
        }
        return identity;
    }

    /** Frobenius norm of a difference. */
    public static double distance(double[][] a, double[][] b) {
        double sum = 0;
        for (int r = 0; r < a.length; r++) {
            for (int c = 0; c < a[r].length; c++) {
                sum += (a[r][c] - b[r][c]) * (a[r][c] - b[r][c]);
            }
        }
        return Math.sqrt(sum);
    }
}
