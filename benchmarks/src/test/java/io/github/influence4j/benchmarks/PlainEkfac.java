package io.github.influence4j.benchmarks;

import io.github.influence4j.api.LayerSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;
import org.apache.commons.math3.linear.RealMatrix;

/** The oracle: a workload's model and EK-FAC in plain loops over doubles, example by example. */
final class PlainEkfac {

    private final WorkloadData data;
    private final List<LayerSpec> layers;
    private final List<RealMatrix> activationVectors = new ArrayList<>();
    private final List<RealMatrix> gradientVectors = new ArrayList<>();
    private final List<RealMatrix> lambdas = new ArrayList<>();

    /** The rows of one example: ā and g of each layer, [layer][position][column]. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Rows(double[][][] activations, double[][][] gradients) {
        /** Σ_p g_p ā_pᵀ. */
        RealMatrix gradient(int layer) {
            RealMatrix g = new Array2DRowRealMatrix(gradients[layer]);
            return g.transpose().multiply(new Array2DRowRealMatrix(activations[layer]));
        }
    }

    PlainEkfac(WorkloadData data) {
        this.data = data;
        this.layers = data.workload().layers();
        Examples train = data.train();
        for (int l = 0; l < layers.size(); l++) {
            RealMatrix a = new Array2DRowRealMatrix(
                    layers.get(l).gradientColumns(), layers.get(l).gradientColumns());
            RealMatrix s = new Array2DRowRealMatrix(
                    layers.get(l).outputs(), layers.get(l).outputs());
            double positions = (double) train.count() * train.positions();
            for (int e = 0; e < train.count(); e++) {
                Rows rows = rows(train, e, train.sampled());
                a = a.add(gram(rows.activations[l]).scalarMultiply(1 / positions));
                s = s.add(gram(rows.gradients[l]).scalarMultiply(1 / positions));
            }
            RealMatrix qa = new EigenDecomposition(a).getV();
            RealMatrix qs = new EigenDecomposition(s).getV();
            RealMatrix lambda = new Array2DRowRealMatrix(s.getRowDimension(), a.getRowDimension());
            for (int e = 0; e < train.count(); e++) {
                RealMatrix rotated = qs.transpose()
                        .multiply(rows(train, e, train.sampled()).gradient(l))
                        .multiply(qa);
                lambda = lambda.add(product(rotated, rotated).scalarMultiply(1.0 / train.count()));
            }
            activationVectors.add(qa);
            gradientVectors.add(qs);
            lambdas.add(lambda);
        }
    }

    double[][] pairwise() {
        Examples queries = data.queries();
        double[][] scores = new double[queries.count()][data.train().count()];
        for (int l = 0; l < layers.size(); l++) {
            for (int q = 0; q < queries.count(); q++) {
                RealMatrix solved = solve(l, rows(queries, q, queries.targets()).gradient(l));
                for (int e = 0; e < scores[q].length; e++) {
                    scores[q][e] += dot(solved, trainGradient(l, e));
                }
            }
        }
        return scores;
    }

    double[] self() {
        double[] scores = new double[data.train().count()];
        for (int l = 0; l < layers.size(); l++) {
            for (int e = 0; e < scores.length; e++) {
                RealMatrix gradient = trainGradient(l, e);
                scores[e] += dot(solve(l, gradient), gradient);
            }
        }
        return scores;
    }

    private RealMatrix trainGradient(int layer, int example) {
        return rows(data.train(), example, data.train().targets()).gradient(layer);
    }

    private RealMatrix solve(int layer, RealMatrix gradient) {
        RealMatrix qa = activationVectors.get(layer);
        RealMatrix qs = gradientVectors.get(layer);
        RealMatrix lambda = lambdas.get(layer);
        double mean = 0;
        for (double[] row : lambda.getData()) {
            for (double value : row) {
                mean += value / (lambda.getRowDimension() * lambda.getColumnDimension());
            }
        }
        RealMatrix rotated = qs.transpose().multiply(gradient).multiply(qa);
        for (int o = 0; o < rotated.getRowDimension(); o++) {
            for (int i = 0; i < rotated.getColumnDimension(); i++) {
                rotated.multiplyEntry(o, i, 1 / (lambda.getEntry(o, i) + 0.1 * mean));
            }
        }
        return qs.multiply(rotated).multiply(qa.transpose());
    }

    private Rows rows(Examples set, int example, float[] targets) {
        int t = set.positions();
        double[][][] activations = new double[layers.size()][t][];
        double[][][] gradients = new double[layers.size()][t][];
        boolean square = data.workload().activation() == Activation.SQUARE;
        for (int p = 0; p < t; p++) {
            int row = example * t + p;
            double[] x = new double[set.width()];
            for (int i = 0; i < x.length; i++) {
                x[i] = set.inputs()[row * set.width() + i];
            }
            double[][] slopes = new double[layers.size()][];
            for (int l = 0; l < layers.size(); l++) {
                activations[l][p] = Arrays.copyOf(x, x.length + 1);
                activations[l][p][x.length] = 1;
                double[] z = new double[layers.get(l).outputs()];
                for (int o = 0; o < z.length; o++) {
                    z[o] = data.biases().get(l)[o];
                    for (int i = 0; i < x.length; i++) {
                        z[o] += data.kernels().get(l)[o * x.length + i] * x[i];
                    }
                }
                x = z.clone();
                slopes[l] = Arrays.stream(z)
                        .map(value -> square ? 2 * value : value > 0 ? 1 : 0)
                        .toArray();
                if (l + 1 < layers.size()) {
                    for (int o = 0; o < x.length; o++) {
                        x[o] = square ? x[o] * x[o] : Math.max(0, x[o]);
                    }
                }
            }
            double[] g = lossGradient(x, targets, row * set.targetWidth());
            for (int l = layers.size() - 1; l >= 0; l--) {
                gradients[l][p] = g;
                double[] back = new double[layers.get(l).inputs()];
                for (int i = 0; l > 0 && i < back.length; i++) {
                    for (int o = 0; o < g.length; o++) {
                        back[i] += slopes[l - 1][i] * data.kernels().get(l)[o * back.length + i] * g[o];
                    }
                }
                g = back;
            }
        }
        return new Rows(activations, gradients);
    }

    private double[] lossGradient(double[] y, float[] targets, int at) {
        double[] g = new double[y.length];
        double sum = 0;
        for (double value : y) {
            sum += Math.exp(value);
        }
        for (int c = 0; c < y.length; c++) {
            g[c] = data.workload().loss() == Loss.CROSS_ENTROPY
                    ? Math.exp(y[c]) / sum - (c == (int) targets[at] ? 1 : 0)
                    : y[c] - targets[at + c];
        }
        return g;
    }

    private static RealMatrix gram(double[][] rows) {
        RealMatrix matrix = new Array2DRowRealMatrix(rows);
        return matrix.transpose().multiply(matrix);
    }

    private static RealMatrix product(RealMatrix a, RealMatrix b) {
        RealMatrix result = a.copy();
        for (int r = 0; r < a.getRowDimension(); r++) {
            for (int c = 0; c < a.getColumnDimension(); c++) {
                result.multiplyEntry(r, c, b.getEntry(r, c));
            }
        }
        return result;
    }

    private static double dot(RealMatrix a, RealMatrix b) {
        double sum = 0;
        for (double[] row : product(a, b).getData()) {
            for (double value : row) {
                sum += value;
            }
        }
        return sum;
    }
}
