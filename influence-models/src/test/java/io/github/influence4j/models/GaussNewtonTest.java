package io.github.influence4j.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.Operand;
import io.github.influence4j.linalg.SymmetricEigen;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The Gauss-Newton matrix three ways: by central differences, from captures of the output Hessian's root, by products. */
class GaussNewtonTest {

    private static final double STEP = 1e-5;
    private static final int EXAMPLES = 4;

    private final MatrixBackend backend = MatrixBackends.named("ejml", Precision.FLOAT64);

    @ParameterizedTest
    @MethodSource("io.github.influence4j.models.Networks#shapes")
    void allThreeAgree(MlpShape shape) {
        ExampleBatch<LabelledExample> batch = Networks.batch(shape, EXAMPLES, 21);
        try (Mlp model = Networks.random(backend, shape, 22)) {
            double[][] fromProducts = fromProducts(model, batch);
            MatrixAssert.assertClose(
                    byDifferences(model, batch), fromProducts, Tolerances.FINITE_DIFFERENCE, "JᵀHJ by differences");
            MatrixAssert.assertClose(
                    fromRoots(model, batch), fromProducts, Tolerances.REORDERED_FLOAT64, "Σ of roots' gradients");
            MatrixAssert.assertClose(transposed(fromProducts), fromProducts, Tolerances.REORDERED_FLOAT64, "symmetry");
            assertPositiveSemiDefinite(fromProducts);
        }
    }

    @Property(tries = 40)
    void quadraticFormIsSymmetricAndNotNegative(
            @ForAll Activation activation,
            @ForAll Loss loss,
            @ForAll @IntRange(min = 1, max = 9) int examples,
            @ForAll long seed) {
        MlpShape shape = MlpShape.of(activation, loss, 3, 5, 4);
        ExampleBatch<LabelledExample> batch = Networks.batch(shape, examples, seed);
        Random random = new Random(seed);
        try (Mlp model = Networks.random(backend, shape, seed)) {
            int parameters = model.weights().toFlat().length;
            LayerGradients u = LayerGradients.ofFlat(model.layers(), Networks.normal(random, parameters));
            LayerGradients v = LayerGradients.ofFlat(model.layers(), Networks.normal(random, parameters));
            LayerGradients productU = model.product(batch, u);
            LayerGradients productV = model.product(batch, v);
            double scale = Math.sqrt(u.dot(u) * productV.dot(productV));
            assertTrue(productU.dot(u) >= 0 && productV.dot(v) >= 0);
            assertEquals(u.dot(productV), v.dot(productU), Tolerances.REORDERED_FLOAT64 * scale);
        }
    }

    @Test
    void productIsASumOverTheBatch() {
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SOFTMAX_CROSS_ENTROPY, 3, 4, 3);
        ExampleBatch<LabelledExample> batch = Networks.batch(shape, EXAMPLES, 1);
        try (Mlp model = Networks.random(backend, shape, 2)) {
            LayerGradients v = model.weights();
            double[] sum = new double[v.toFlat().length];
            for (int e = 0; e < EXAMPLES; e++) {
                ExampleBatch<LabelledExample> one =
                        new ExampleBatch<>(batch.examples().subList(e, e + 1), new long[] {e});
                double[] part = model.product(one, v).toFlat();
                for (int k = 0; k < sum.length; k++) {
                    sum[k] += part[k];
                }
            }
            MatrixAssert.assertClose(
                    sum, model.product(batch, v).toFlat(), Tolerances.REORDERED_FLOAT64, "sum of products");
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.influence4j.models.Networks#shapes")
    void severalProductsAreTheSameAsSingleOnes(MlpShape shape) {
        ExampleBatch<LabelledExample> batch = Networks.batch(shape, EXAMPLES, 3);
        Random random = new Random(4);
        try (Mlp model = Networks.random(backend, shape, 5)) {
            int parameters = model.weights().toFlat().length;
            List<LayerGradients> vectors = Stream.generate(() -> Networks.normal(random, parameters))
                    .limit(3)
                    .map(v -> LayerGradients.ofFlat(model.layers(), v))
                    .toList();
            List<LayerGradients> products = model.products(batch, vectors);
            for (int j = 0; j < vectors.size(); j++) {
                double[] single = model.product(batch, vectors.get(j)).toFlat();
                assertArrayEquals(single, products.get(j).toFlat(), "vector " + j);
            }
        }
    }

    /** The formula against a count of every multiplication of matrices. */
    @Test
    void flopsAreThoseOfTheMatrixProducts() {
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 30, 40, 50, 20);
        ExampleBatch<LabelledExample> batch = Networks.batch(shape, EXAMPLES, 1);
        double[] flops = new double[1];
        MatrixBackend counting = (MatrixBackend) Proxy.newProxyInstance(
                MatrixBackend.class.getClassLoader(), new Class<?>[] {MatrixBackend.class}, (proxy, method, args) -> {
                    if (method.getName().equals("multiply")) {
                        BackendMatrix result = (BackendMatrix) args[args.length - 1];
                        Operand left = (Operand) args[args.length == 3 ? 0 : 1];
                        flops[0] += 2.0 * result.rows() * result.columns() * left.columns();
                    }
                    return method.invoke(backend, args);
                });
        try (Mlp model = Networks.random(counting, shape, 2)) {
            LayerGradients v = model.weights();
            model.products(batch, List.of(v, v, v));
            double biases =
                    110.0 / (31 * 40 + 41 * 50 + 51 * 20); // the formula counts them where the kernels have none
            assertEquals(1, model.productFlops(batch, 3) / flops[0], biases);
        }
    }

    @Test
    void vectorOfOtherLayersIsRefused() {
        MlpShape shape = MlpShape.of(Activation.TANH, Loss.SQUARED_ERROR, 3, 2);
        List<LayerSpec> others = List.of(LayerSpec.dense("other", 3, 2));
        try (Mlp model = Networks.random(backend, shape, 2)) {
            IllegalArgumentException error = assertThrows(
                    IllegalArgumentException.class,
                    () -> model.product(Networks.batch(shape, 1, 1), LayerGradients.ofFlat(others, new double[8])));
            assertTrue(error.toString().contains("layer1") && error.toString().contains("other"), error::toString);
        }
    }

    /** Σ JᵀHJ with the Jacobian by central differences and the output Hessian written out. */
    private static double[][] byDifferences(Mlp model, ExampleBatch<LabelledExample> batch) {
        double[] weights = model.weights().toFlat();
        int outputs = model.shape().outputs();
        double[][][] jacobian = new double[batch.size()][outputs][weights.length];
        for (int k = 0; k < weights.length; k++) {
            double[][] above = outputs(model, batch, weights, k, STEP);
            double[][] below = outputs(model, batch, weights, k, -STEP);
            for (int e = 0; e < batch.size(); e++) {
                for (int c = 0; c < outputs; c++) {
                    jacobian[e][c][k] = (above[e][c] - below[e][c]) / (2 * STEP);
                }
            }
        }
        double[][] predicted = model.predictions(batch);
        double[][] sum = new double[weights.length][weights.length];
        for (int e = 0; e < batch.size(); e++) {
            for (int c = 0; c < outputs; c++) {
                for (int d = 0; d < outputs; d++) {
                    double unit = c == d ? 1 : 0;
                    double hessian = model.shape().loss() == Loss.SQUARED_ERROR
                            ? unit
                            : predicted[e][c] * (unit - predicted[e][d]);
                    addOuter(hessian, jacobian[e][c], jacobian[e][d], sum);
                }
            }
        }
        return sum;
    }

    private static double[][] outputs(
            Mlp model, ExampleBatch<LabelledExample> batch, double[] weights, int index, double by) {
        double[] moved = weights.clone();
        moved[index] += by;
        try (Mlp other = model.withWeights(LayerGradients.ofFlat(model.layers(), moved))) {
            return other.outputs(batch);
        }
    }

    private static double[][] fromRoots(Mlp model, ExampleBatch<LabelledExample> batch) {
        int parameters = model.weights().toFlat().length;
        double[][] sum = new double[parameters][parameters];
        for (int k = 0; k < model.outputHessianColumns(); k++) {
            for (LayerGradients gradient : GradientChecks.gradients(model, batch, new Objective.OutputHessianRoot(k))) {
                double[] flat = gradient.toFlat();
                addOuter(1, flat, flat, sum);
            }
        }
        return sum;
    }

    private static double[][] fromProducts(Mlp model, ExampleBatch<LabelledExample> batch) {
        int parameters = model.weights().toFlat().length;
        double[][] columns = new double[parameters][];
        for (int k = 0; k < parameters; k++) {
            double[] unit = new double[parameters];
            unit[k] = 1;
            columns[k] = model.product(batch, LayerGradients.ofFlat(model.layers(), unit))
                    .toFlat();
        }
        return transposed(columns);
    }

    private void assertPositiveSemiDefinite(double[][] matrix) {
        try (BackendMatrix copy = backend.copyOf(Matrix.of(matrix), Precision.FLOAT64);
                SymmetricEigen eigen = backend.eigen(copy)) {
            double[] values = eigen.values();
            double largest = values[values.length - 1];
            assertTrue(
                    values[0] >= -Tolerances.DECOMPOSITION_PER_ORDER * values.length * largest,
                    () -> "eigenvalues from " + values[0] + " to " + largest);
        }
    }

    private static void addOuter(double factor, double[] left, double[] right, double[][] sum) {
        for (int a = 0; a < left.length; a++) {
            for (int b = 0; b < right.length; b++) {
                sum[a][b] += factor * left[a] * right[b];
            }
        }
    }

    private static double[][] transposed(double[][] matrix) {
        double[][] result = new double[matrix[0].length][matrix.length];
        for (int r = 0; r < matrix.length; r++) {
            for (int c = 0; c < matrix[r].length; c++) {
                result[c][r] = matrix[r][c];
            }
        }
        return result;
    }
}
