package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.LUDecomposition;

/** G and its damped inverse in plain loops over single examples, solved by Commons Math. */
public final class DenseOracle {

    private final List<LayerSpec> layers;
    private final double[][] matrix;

    private DenseOracle(List<LayerSpec> layers, double[][] matrix) {
        this.layers = layers;
        this.matrix = matrix;
    }

    /** Sums the outer products of all gradients, example by example in batches of one. */
    public static <E> DenseOracle of(OutputHessianRoots<E> model, ExampleSource<E> data) {
        List<LayerSpec> layers = model.layers();
        int parameters = (int) layers.stream().mapToLong(LayerSpec::parameters).sum();
        double[][] matrix = new double[parameters][parameters];
        for (ExampleBatch<E> one : data.batches(1)) {
            for (int k = 0; k < model.outputHessianColumns(); k++) {
                double[] gradient = gradient(model, one, new Objective.OutputHessianRoot(k));
                for (int r = 0; r < parameters; r++) {
                    for (int c = 0; c < parameters; c++) {
                        matrix[r][c] += gradient[r] * gradient[c] / data.size();
                    }
                }
            }
        }
        return new DenseOracle(layers, matrix);
    }

    /** The gradient of one example at all layers. */
    public static <E> double[] gradient(GradientProvider<E> model, ExampleBatch<E> one, Objective objective) {
        Map<String, double[]> parts = new HashMap<>();
        model.capture(
                one,
                objective,
                model.layers(),
                capture -> parts.put(capture.layer().name(), gradient(capture)));
        int parameters =
                (int) model.layers().stream().mapToLong(LayerSpec::parameters).sum();
        double[] flat = new double[parameters];
        int start = 0;
        for (LayerSpec layer : model.layers()) {
            double[] part = parts.getOrDefault(layer.name(), new double[0]);
            System.arraycopy(part, 0, flat, start, part.length);
            start += part.length;
        }
        return flat;
    }

    private static double[] gradient(LayerCapture capture) {
        LayerSpec layer = capture.layer();
        int i = layer.gradientColumns();
        double[][] a = capture.activations().toArray();
        double[][] g = capture.outputGradients().toArray();
        double[] gradient = new double[(int) layer.parameters()];
        for (int p = 0; p < a.length; p++) {
            if (!capture.mask().isReal(p)) {
                continue;
            }
            for (int r = 0; r < layer.outputs(); r++) {
                for (int c = 0; c < i; c++) {
                    gradient[r * i + c] += g[p][r] * (c < layer.inputs() ? a[p][c] : 1);
                }
            }
        }
        return gradient;
    }

    /** G. */
    public double[][] matrix() {
        return matrix;
    }

    /** G with 0 outside the layers' diagonal blocks. */
    public DenseOracle blockDiagonal() {
        double[][] blocks = new double[matrix.length][matrix.length];
        int start = 0;
        for (LayerSpec layer : layers) {
            int end = start + (int) layer.parameters();
            for (int r = start; r < end; r++) {
                System.arraycopy(matrix[r], start, blocks[r], start, end - start);
            }
            start = end;
        }
        return new DenseOracle(layers, blocks);
    }

    /** Mean of the diagonal over a layer's parameters. */
    public double meanDiagonal(LayerSpec wanted) {
        int start = 0;
        for (LayerSpec layer : layers) {
            if (layer.equals(wanted)) {
                double sum = 0;
                for (int k = start; k < start + layer.parameters(); k++) {
                    sum += matrix[k][k];
                }
                return sum / layer.parameters();
            }
            start += (int) layer.parameters();
        }
        throw new IllegalArgumentException("no layer " + wanted);
    }

    /** G + diag(λ). */
    public double[][] damped(LayerDamping damping) {
        double[][] damped = new double[matrix.length][];
        int k = 0;
        for (LayerSpec layer : layers) {
            for (int j = 0; j < layer.parameters(); j++) {
                damped[k] = matrix[k].clone();
                damped[k][k] += damping.lambda(layer.name());
                k++;
            }
        }
        return damped;
    }

    public double[] solve(LayerDamping damping, LayerGradients vector) {
        return new LUDecomposition(new Array2DRowRealMatrix(damped(damping)))
                .getSolver()
                .getInverse()
                .operate(vector.toFlat());
    }
}
