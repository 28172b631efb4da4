package io.github.influence4j.store.captures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files do not hold other numbers than those that were to be written. */
class NarrowTypeTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path folder;

    private void write(TensorType type, double... gradients) throws IOException {
        write(folder.resolve("narrow.safetensors"), type, gradients);
    }

    private static void write(Path file, TensorType type, double... gradients) throws IOException {
        LayerSpec layer = LayerSpec.dense("layer", 1, 1);
        int n = gradients.length;
        double[] ones = new double[n];
        Arrays.fill(ones, 1);
        new CaptureWriter(CaptureObjective.TRAINING, Optional.empty(), type)
                .write(
                        file,
                        LongStream.range(0, n).toArray(),
                        List.of(LayerCapture.of(layer, n, 1, Matrix.of(ones, n, 1), Matrix.of(gradients, n, 1))));
    }

    /** Defect: 1e5 became infinite in F16, and 1e-8 zero. */
    @Test
    void numbersThatTheTypeCannotHoldAreRefused() throws IOException {
        // the second is rounded up twice: to 65520 in float32, and that to infinity
        for (double large : new double[] {1e5, Math.nextDown(65520.0), -65520}) {
            String message =
                    String.valueOf(assertThrows(IllegalArgumentException.class, () -> write(TensorType.F16, 1, large))
                            .getMessage());
            assertTrue(message.contains("layer layer, output gradients of example 1: holds " + large), message);
            assertTrue(message.contains("write BF16, F32 or F64"), message);
        }
        write(TensorType.F16, 65519);
        write(TensorType.BF16, 1e38, 1e-37);
        assertThrows(IllegalArgumentException.class, () -> write(TensorType.BF16, Float.MAX_VALUE));
        assertThrows(IllegalArgumentException.class, () -> write(TensorType.F32, 1e39));
        assertThrows(IllegalArgumentException.class, () -> write(TensorType.F32, 1e-46));
        write(TensorType.F64, 1e300, 1e-300);
        for (double small : new double[] {1e-8, 7e-8}) {
            assertThrows(IllegalArgumentException.class, () -> write(TensorType.F16, 1, small));
        }
        write(TensorType.F16, 0, 1e-4);
    }

    @Test
    void whatIsMaskedOrSmallBesideTheRestIsNotLookedAt() throws IOException {
        LayerSpec layer = new LayerSpec("layer", 1, 1, true, Positions.TOKENS);
        PositionMask mask = PositionMask.of(new boolean[] {true, true, false});
        for (double[] gradients : new double[][] {{1, 1e-9, 1e9}, {1e-9, 1e-9, 1}, {1e-9, 1, Double.NaN}}) {
            LayerCapture capture = LayerCapture.of(
                            layer, 1, 3, Matrix.of(new double[] {1, 1, 1e9}, 3, 1), Matrix.of(gradients, 3, 1))
                    .withMask(mask);
            CaptureWriter writer = new CaptureWriter(CaptureObjective.TRAINING, Optional.empty(), TensorType.F16);
            Path file = folder.resolve("tokens.safetensors");
            if (gradients[0] == 1 || gradients[1] == 1) {
                writer.write(file, new long[] {7}, List.of(capture));
            } else {
                assertThrows(
                        IllegalArgumentException.class, () -> writer.write(file, new long[] {7}, List.of(capture)));
            }
        }
    }

    /** What is not refused comes back: no number is infinite, and no example has lost much of its length. */
    @Property(tries = 200)
    void whatIsWrittenComesBack(
            @ForAll @Size(min = 1, max = 5) List<@DoubleRange(min = -30, max = 30) Double> exponents,
            @ForAll("narrow") TensorType type)
            throws IOException {
        double[] gradients = exponents.stream().mapToDouble(x -> Math.pow(2, x)).toArray();
        Path file = Files.createTempFile("narrow", ".safetensors");
        try {
            write(file, type, gradients);
            try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
                double[][] back = tensors.matrix("layer/output_gradients").toArray();
                for (int k = 0; k < gradients.length; k++) {
                    // 8 bits of BF16 round by 2^-9, and a hundredth may be lost: the root of the share
                    assertEquals(gradients[k], back[k][0], (0x1p-9 + 1e-2) * gradients[k]);
                }
            }
        } catch (IllegalArgumentException refused) {
            assertEquals(TensorType.F16, type, refused.getMessage());
            assertTrue(Arrays.stream(gradients).anyMatch(x -> x > 65519 || x < 0x1p-14), refused.getMessage());
        } finally {
            Files.deleteIfExists(file);
        }
    }

    @Provide
    Arbitrary<TensorType> narrow() {
        return Arbitraries.of(TensorType.F16, TensorType.BF16, TensorType.F32);
    }
}
