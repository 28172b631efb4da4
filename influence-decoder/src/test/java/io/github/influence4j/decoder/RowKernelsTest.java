package io.github.influence4j.decoder;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RowKernelsTest {

    /** What is tested in float64 holds for float32 because both are the same text. */
    @Test
    void bothPrecisionsAreTheSameText() throws IOException {
        assertEquals(
                Files.readString(source("DoubleKernels")).replaceAll("\\s+", ""),
                Files.readString(source("FloatKernels"))
                        .replace("float32", "float64")
                        .replace("float", "double")
                        .replace("Float", "Double")
                        .replaceAll("\\s+", ""));
    }

    private static Path source(String name) {
        return Path.of("src/main/java/io/github/influence4j/decoder", name + ".java");
    }

    /** A token that the model is sure of: p − 1 by subtraction has lost up to all of its digits in float32. */
    @Test
    void gradientOfALikelyTokenKeepsItsDigits() {
        int columns = 5_000;
        int target = 4_321;
        for (double margin = 8; margin < 40; margin += 1.7) {
            float[] logits = new float[columns];
            for (int c = 0; c < columns; c++) {
                logits[c] = (float) Math.sin(c);
            }
            logits[target] = (float) margin;
            double others = 0;
            for (int c = 0; c < columns; c++) {
                others += c == target ? 0 : Math.exp((double) logits[c] - logits[target]);
            }
            double expected = -others / (1 + others);
            new FloatKernels().crossEntropy(columns, target, 1, logits, 0);
            // the difference of two logits is rounded by up to 2e-6, half a unit of 32 to 64, which e^x makes relative
            assertEquals(expected, logits[target], 3e-6 * Math.abs(expected), "margin " + margin);
        }
    }

    /** The Hessian of the loss where a token is likely: (H v)_y = Σ_j p_y p_j (v_y − v_j). */
    @Test
    void outputHessianOfALikelyTokenKeepsItsDigits() {
        int columns = 3;
        for (double margin = 8; margin < 30; margin += 1.7) {
            float[] p = {0, (float) margin, -1};
            float[] v = {1, 2, -3};
            FloatKernels kernels = new FloatKernels();
            kernels.softmax(columns, p, 0);
            kernels.subtractLikeliest(columns, p, v, 0);
            kernels.softmaxJacobian(1, columns, 1, p, v, 0);
            double first = Math.exp(-(float) margin);
            double last = Math.exp(-1 - (float) margin);
            double likely = 1 / (1 + first + last);
            double expected = likely * likely * (first + 5 * last);
            assertEquals(expected, v[1], 3e-6 * expected, "margin " + margin);
        }
    }
}
