package io.github.influence4j.baselines.iterative;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.baselines.exact.ExactCase;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.testkit.GradientChecks;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Products from captures against the dense matrix and against the model's own product. */
class HessianRootProductTest {

    private static final MatrixBackend NATIVE = MatrixBackends.named("openblas", Precision.FLOAT32);

    static List<ExactCase<?>> cases() {
        return ExactCase.all();
    }

    @AfterAll
    static void close() {
        NATIVE.close();
    }

    /** In batches of other sizes, so that the buffers change shape between positions. */
    private static <E> double[] product(MatrixBackend backend, ExactCase<E> model, LayerGradients vector) {
        double[] sum = new double[vector.toFlat().length];
        try (HessianRootProduct<E> product = new HessianRootProduct<>(backend, model.model())) {
            for (ExampleBatch<E> batch : model.data().batches(3)) {
                double[] part = product.product(batch, vector).toFlat();
                for (int k = 0; k < sum.length; k++) {
                    sum[k] += part[k] / model.data().size();
                }
            }
        }
        return sum;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void multipliesLikeTheDenseMatrix(ExactCase<?> model) {
        LayerGradients vector = model.vector(5);
        double[][] dense = model.oracle().matrix();
        double[] v = vector.toFlat();
        double[] expected = new double[v.length];
        for (int r = 0; r < v.length; r++) {
            for (int c = 0; c < v.length; c++) {
                expected[r] += dense[r][c] * v[c];
            }
        }
        for (MatrixBackend backend : List.of(new EjmlBackend(), NATIVE)) {
            MatrixAssert.assertClose(
                    expected,
                    product(backend, model, vector),
                    Tolerances.REORDERED_FLOAT64,
                    "G v in " + backend.name());
        }
    }

    @Test
    void agreesWithTheModelsOwnProductAndCostsMore() {
        ExactCase<LabelledExample> model = ExactCase.mlp();
        ExampleBatch<LabelledExample> batch =
                model.data().batches(20).iterator().next();
        List<LayerGradients> vectors = List.of(model.vector(1), model.vector(2), model.vector(3));
        Mlp mlp = (Mlp) model.model();
        try (HessianRootProduct<LabelledExample> product = new HessianRootProduct<>(new EjmlBackend(), mlp)) {
            List<LayerGradients> own = mlp.products(batch, vectors);
            List<LayerGradients> fromCaptures = product.products(batch, vectors);
            for (int j = 0; j < vectors.size(); j++) {
                MatrixAssert.assertClose(
                        own.get(j).toFlat(),
                        fromCaptures.get(j).toFlat(),
                        Tolerances.REORDERED_FLOAT64,
                        "product of vector " + j);
            }
            assertTrue(product.productFlops(batch, 3) > mlp.productFlops(batch, 3));
            assertEquals(mlp.fingerprint(), product.fingerprint());
        }
    }

    /** v ↦ Σ_z Σ_k g_zk (g_zkᵀ v) / draws, by plain loops over whole gradients. */
    @Test
    void drawnLabelsGiveTheProductsOfTheirGradients() {
        ExactCase<LabelledExample> model = ExactCase.mlp();
        LayerGradients vector = model.vector(4);
        double[] v = vector.toFlat();
        int draws = 3;
        ExampleBatch<LabelledExample> batch =
                model.data().batches((int) model.data().size()).iterator().next();
        double[] expected = new double[v.length];
        for (int draw = 0; draw < draws; draw++) {
            for (LayerGradients gradient :
                    GradientChecks.gradients(model.model(), batch, new Objective.SampledLabels(7, 2 + draw))) {
                double[] g = gradient.toFlat();
                Vectors.add(Vectors.dot(g, v) / draws, g, expected);
            }
        }
        try (HessianRootProduct<LabelledExample> product =
                HessianRootProduct.ofSampledLabels(NATIVE, model.model(), new Objective.SampledLabels(7, 2), draws)) {
            MatrixAssert.assertClose(
                    expected,
                    product.product(batch, vector).toFlat(),
                    Tolerances.REORDERED_FLOAT64,
                    "product with three draws");
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> HessianRootProduct.ofSampledLabels(NATIVE, model.model(), new Objective.SampledLabels(7), 0));
    }

    @Test
    void vectorOfOtherLayersIsRefused() {
        ExactCase<double[]> model = ExactCase.softmax("softmax", 4);
        LayerGradients other = LayerGradients.ofFlat(List.of(LayerSpec.dense("other", 1, 1)), new double[2]);
        ExampleBatch<double[]> batch = model.data().batches(4).iterator().next();
        try (HessianRootProduct<double[]> product = new HessianRootProduct<>(new EjmlBackend(), model.model())) {
            IllegalArgumentException error =
                    assertThrows(IllegalArgumentException.class, () -> product.product(batch, other));
            assertTrue(error.toString().contains("other") && error.toString().contains("linear"), error::toString);
        }
    }
}
