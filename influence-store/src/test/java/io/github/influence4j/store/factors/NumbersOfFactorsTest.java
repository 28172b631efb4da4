package io.github.influence4j.store.factors;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.Backends;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Factors whose files are right and whose numbers are not, and those that an older strategy left behind. */
class NumbersOfFactorsTest {

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private List<LayerSpec> save(Strategy strategy) throws IOException, URISyntaxException {
        Path file = Path.of(
                Objects.requireNonNull(NumbersOfFactorsTest.class.getResource("/kronfluence/sampled.safetensors"))
                        .toURI());
        try (CaptureSet set = CaptureSet.open(file);
                EigenbasisCurvature curvature = EigenbasisApproximator.<CapturedExample>of(
                                Backends.EJML, FitOptions.defaults().withStrategy(strategy))
                        .fit(CaptureProvider.of(set), set)) {
            FactorStore.save(folder, curvature);
            return curvature.layers();
        }
    }

    private void fill(String name, List<LayerSpec> layers, double number, boolean matrix) throws IOException {
        List<TensorSpec> specs = layers.stream()
                .map(layer -> matrix
                        ? TensorSpec.of(layer.name(), TensorType.F64, layer.outputs(), layer.gradientColumns())
                        : TensorSpec.of(layer.name(), TensorType.F64, layer.gradientColumns()))
                .toList();
        try (SafetensorsWriter file =
                SafetensorsWriter.create(folder.resolve(FactorTensors.file(name)), specs, Map.of())) {
            for (TensorSpec spec : specs) {
                double[] numbers = new double[(int) spec.elements()];
                numbers[numbers.length - 1] = number;
                file.append(spec.name(), numbers, 0, numbers.length);
            }
            file.commit();
        }
    }

    @Test
    void whatFactorsCannotHaveIsRefused() throws IOException, URISyntaxException {
        List<LayerSpec> layers = save(Strategy.EKFAC);
        for (double number : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1}) {
            fill(FactorTensors.LAMBDA_MATRIX, layers, number, true);
            assertThrows(
                    MalformedFileException.class, () -> FactorStore.open(folder).load(Backends.EJML));
            MalformedFileException refused = assertThrows(
                    MalformedFileException.class, () -> FactorStore.openKronfluence(folder, layers, Backends.EJML)
                            .load(Backends.EJML));
            String message = String.valueOf(refused.getMessage());
            assertTrue(message.contains("must be finite and not negative") && message.contains("layer"), message);
        }
        save(Strategy.EKFAC);
        fill(FactorTensors.ACTIVATION_EIGENVALUES, layers, Double.NaN, false);
        assertThrows(MalformedFileException.class, () -> FactorStore.openKronfluence(folder, layers, Backends.EJML)
                .load(Backends.EJML));
    }

    @Test
    void anUnknownStrategyIsAnsweredWithAllThereAre() throws IOException, URISyntaxException {
        save(Strategy.EKFAC);
        Path file = folder.resolve(FactorManifest.FILE);
        Files.writeString(file, Files.readString(file).replace("\"ekfac\"", "\"shampoo\""));
        String message = String.valueOf(assertThrows(MalformedFileException.class, () -> FactorStore.open(folder))
                .getMessage());
        for (Strategy strategy : Strategy.values()) {
            assertTrue(message.contains(FactorManifest.word(strategy)), message);
        }
    }

    @Test
    void factorsOfAnotherStrategyAreRemoved() throws IOException, URISyntaxException {
        save(Strategy.EKFAC);
        assertTrue(Files.exists(folder.resolve("lambda_matrix.safetensors")));
        save(Strategy.KFAC);
        assertFalse(Files.exists(folder.resolve("lambda_matrix.safetensors")));
        save(Strategy.DIAGONAL);
        assertFalse(Files.exists(folder.resolve("gradient_eigenvectors.safetensors")));
        FactorStore.open(folder).load(Backends.EJML).close();
    }
}
