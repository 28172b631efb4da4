package io.github.influence4j.api;

import static io.github.influence4j.api.Refusals.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class LayerGradientsTest {

    private static final List<LayerSpec> LAYERS =
            List.of(LayerSpec.dense("a", 2, 2), LayerSpec.dense("b", 3, 1).withoutBias());

    @Property(tries = 100)
    void flatFormGoesThereAndBack(@ForAll @IntRange(min = 1, max = 4) int count, @ForAll long seed) {
        Random random = new Random(seed);
        List<LayerSpec> layers = new ArrayList<>();
        int parameters = 0;
        for (int l = 0; l < count; l++) {
            LayerSpec layer = new LayerSpec(
                    "layer" + l,
                    1 + random.nextInt(4),
                    1 + random.nextInt(4),
                    random.nextBoolean(),
                    LayerSpec.Positions.NONE);
            layers.add(layer);
            parameters += (int) layer.parameters();
        }
        double[] flat = random.doubles(parameters, -1, 1).toArray();
        LayerGradients vector = LayerGradients.ofFlat(layers, flat);
        assertArrayEquals(flat, vector.toFlat());
        List<Matrix> matrices =
                layers.stream().map(layer -> vector.layer(layer.name())).toList();
        assertArrayEquals(flat, LayerGradients.of(layers, matrices).toFlat());
        double squares = 0;
        for (double x : flat) {
            squares += x * x;
        }
        assertEquals(squares, vector.dot(vector), 1e-12 * squares);
    }

    @Test
    void layersLieOneAfterTheOtherRowMajor() {
        LayerGradients vector = LayerGradients.of(
                LAYERS,
                List.of(Matrix.of(new float[][] {{1, 2, 3}, {4, 5, 6}}), Matrix.of(new double[][] {{7, 8, 9}})));
        assertArrayEquals(new double[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, vector.toFlat());
        assertEquals(LAYERS, vector.layers());
        assertArrayEquals(
                new double[][] {{4, 5, 6}}, new double[][] {vector.layer("a").toArray()[1]});
        LayerGradients ones = LayerGradients.ofFlat(LAYERS, new double[] {1, 0, 0, 0, 0, 1, 0, 0, -1});
        assertEquals(1 + 6 - 9, vector.dot(ones));
    }

    @Test
    void vectorsAreCopies() {
        double[] flat = new double[9];
        LayerGradients vector = LayerGradients.ofFlat(LAYERS, flat);
        flat[0] = 5;
        vector.toFlat()[1] = 5;
        assertArrayEquals(new double[9], vector.toFlat());
    }

    @Test
    void wrongShapesNameTheLayer() {
        Matrix right = Matrix.of(new double[2][3]);
        refused(() -> LayerGradients.of(LAYERS, List.of(right)), "2 layers with 1 matrices");
        refused(
                () -> LayerGradients.of(LAYERS, List.of(right, Matrix.of(new double[1][4]))),
                "layer b: gradient must be 1 x 3, found 1 x 4");
        refused(() -> LayerGradients.ofFlat(LAYERS, new double[8]), "9 parameters has 8 numbers");
        LayerGradients vector = LayerGradients.ofFlat(LAYERS, new double[9]);
        refused(() -> vector.layer("c"), "no layer c among a, b");
        LayerGradients other = LayerGradients.ofFlat(LAYERS.subList(0, 1), new double[6]);
        refused(() -> vector.dot(other), "expected a vector for", "name=b");
        refused(() -> other.requireLayers(LAYERS), "expected a vector for", "name=b");
    }
}
