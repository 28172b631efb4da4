package io.github.influence4j.adapter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.influence4j.adapter.Convolution.Size;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.testkit.MatrixAssert;
import io.github.influence4j.testkit.Tolerances;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Patches times weights against the definition of a convolution, in plain loops. */
class ConvolutionTest {

    @ParameterizedTest
    @CsvSource({
        "2, 3, 1, 3, 3, 1, 1, 1, 1, 1, 1",
        "4, 6, 2, 3, 2, 2, 1, 0, 1, 1, 1",
        "3, 3, 3, 2, 3, 1, 2, 1, 0, 2, 1",
        "1, 2, 1, 1, 1, 1, 1, 0, 0, 1, 1"
    })
    void patchesTimesWeightsIsTheConvolution(
            int inputs, int outputs, int groups, int kh, int kw, int sh, int sw, int ph, int pw, int dh, int dw) {
        Convolution convolution = new Convolution(
                inputs, outputs, groups, new Size(kh, kw), new Size(sh, sw), new Size(ph, pw), new Size(dh, dw));
        int n = 2;
        Size in = new Size(7, 6);
        Size out = new Size((7 + 2 * ph - dh * (kh - 1) - 1) / sh + 1, (6 + 2 * pw - dw * (kw - 1) - 1) / sw + 1);
        float[] images = random(n * inputs * in.area());
        int own = inputs / groups;
        float[] weights = random(outputs * own * kh * kw);
        for (int g = 0; g < groups; g++) {
            double[][] patches = convolution.patches(images, n, in, out, g).toArray();
            assertEquals(convolution.layers("c", true).get(g).inputs(), patches[0].length);
            double[][] expected = new double[patches.length][outputs / groups];
            double[][] actual = new double[patches.length][outputs / groups];
            for (int row = 0; row < patches.length; row++) {
                for (int o = 0; o < outputs / groups; o++) {
                    int filter = g * (outputs / groups) + o;
                    for (int k = 0; k < patches[row].length; k++) {
                        actual[row][o] += patches[row][k] * weights[filter * own * kh * kw + k];
                    }
                    expected[row][o] = pixel(convolution, images, weights, in, out, row, filter, g * own);
                }
            }
            MatrixAssert.assertClose(expected, actual, Tolerances.REORDERED_FLOAT64, "group " + g);
        }
    }

    private static double pixel(
            Convolution c, float[] images, float[] weights, Size in, Size out, int row, int filter, int firstChannel) {
        int image = row / out.area();
        int y = row % out.area() / out.width();
        int x = row % out.width();
        int own = c.inputChannels() / c.groups();
        double sum = 0;
        for (int ch = 0; ch < own; ch++) {
            for (int ky = 0; ky < c.kernel().height(); ky++) {
                for (int kx = 0; kx < c.kernel().width(); kx++) {
                    int iy = y * c.stride().height()
                            + ky * c.dilation().height()
                            - c.padding().height();
                    int ix = x * c.stride().width()
                            + kx * c.dilation().width()
                            - c.padding().width();
                    if (iy >= 0 && iy < in.height() && ix >= 0 && ix < in.width()) {
                        int weight = ((filter * own + ch) * c.kernel().height() + ky)
                                        * c.kernel().width()
                                + kx;
                        int at = ((image * c.inputChannels() + firstChannel + ch) * in.height() + iy) * in.width() + ix;
                        sum += (double) weights[weight] * images[at];
                    }
                }
            }
        }
        return sum;
    }

    private static float[] random(int length) {
        Random random = new Random(length);
        float[] values = new float[length];
        for (int k = 0; k < length; k++) {
            values[k] = (float) random.nextGaussian();
        }
        return values;
    }

    @Test
    void pixelsAreRows() {
        Convolution convolution =
                new Convolution(2, 4, 2, new Size(1, 1), new Size(1, 1), new Size(0, 0), new Size(1, 1));
        float[] gradients = new float[2 * 4 * 6];
        for (int k = 0; k < gradients.length; k++) {
            gradients[k] = k;
        }
        Matrix second = convolution.pixels(gradients, 2, new Size(2, 3), 1);
        // image 1, pixel 2, channels 2 and 3
        assertArrayEquals(new double[] {24 + 12 + 2, 24 + 18 + 2}, second.toArray()[8]);
        float[] packed = new float[4];
        second.read(7, 2, packed, 0);
        assertArrayEquals(new float[] {37, 43, 38, 44}, packed);
        assertThrows(IllegalArgumentException.class, () -> convolution.pixels(new float[3], 2, new Size(2, 3), 1));
        assertThrows(
                IllegalArgumentException.class,
                () -> convolution.patches(new float[3], 2, new Size(2, 3), new Size(2, 3), 1));
    }

    @Test
    void nonsenseIsRefused() {
        Size one = new Size(1, 1);
        Size zero = new Size(0, 0);
        assertThrows(IllegalArgumentException.class, () -> new Convolution(3, 4, 2, one, one, zero, one));
        assertThrows(IllegalArgumentException.class, () -> new Convolution(2, 4, 2, zero, one, zero, one));
    }
}
