package io.github.influence4j.baselines.exact;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Loss;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.baselines.exact.ExactOptions.Form;
import io.github.influence4j.linalg.ejml.EjmlBackend;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** G against a Gauss-Newton product that never takes roots of the output Hessian: Jacobian and its transpose. */
class GaussNewtonProductTest {

    private static final int EXAMPLES = 9;

    @ParameterizedTest
    @EnumSource(Loss.class)
    void columnsOfGAreProductsWithUnitVectors(Loss loss) {
        EjmlBackend backend = new EjmlBackend();
        Random random = new Random(4);
        List<LabelledExample> examples = new ArrayList<>();
        for (int e = 0; e < EXAMPLES; e++) {
            double[] features = ExactCase.gaussian(random, 1, 3)[0];
            examples.add(
                    loss == Loss.SQUARED_ERROR
                            ? LabelledExample.regression(features, 1, 2)
                            : LabelledExample.classified(features, e % 2));
        }
        long[] ids = new long[EXAMPLES];
        for (int e = 0; e < EXAMPLES; e++) {
            ids[e] = e;
        }
        ExampleBatch<LabelledExample> all = new ExampleBatch<>(examples, ids);
        try (Mlp mlp = Mlp.create(backend, MlpShape.of(Activation.GELU, loss, 3, 4, 3, 2), 5)) {
            double[][] products = products(mlp, all);
            for (Form form : List.of(Form.EXPLICIT, Form.DUAL)) {
                ExactOptions options = ExactOptions.defaults().withForm(form).withBatchSize(4);
                try (ExactCurvature curvature =
                        ExactGaussNewton.on(backend).with(options).curvature(mlp, ExampleSource.of(examples))) {
                    MatrixAssert.assertClose(
                            Matrix.of(products),
                            curvature.explicitMatrix(),
                            Tolerances.REORDERED_FLOAT64,
                            "G in form " + form);
                }
            }
        }
    }

    /** Row k is G e_k, which is column k too. */
    private static double[][] products(Mlp mlp, ExampleBatch<LabelledExample> all) {
        int parameters = mlp.weights().toFlat().length;
        double[][] products = new double[parameters][];
        for (int k = 0; k < parameters; k++) {
            double[] unit = new double[parameters];
            unit[k] = 1.0 / all.size();
            products[k] =
                    mlp.product(all, LayerGradients.ofFlat(mlp.layers(), unit)).toFlat();
        }
        return products;
    }
}
