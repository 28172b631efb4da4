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
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.SafetensorsWriter;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.Backends;
import io.github.influence4j.store.Resealing;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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

    /** Defect: another strategy gave other scores under the provenance of the first. */
    @Test
    void anEditedManifestIsRefused() throws IOException, URISyntaxException {
        save(Strategy.EKFAC);
        Path file = folder.resolve(FactorManifest.FILE);
        Files.writeString(file, Files.readString(file).replace("\"ekfac\"", "\"kfac\""));
        String message = String.valueOf(assertThrows(MalformedFileException.class, () -> FactorStore.open(folder))
                .getMessage());
        assertTrue(message.contains("checksum differs"), message);
    }

    /** Defect: eigenvectors of zeros, ten times too long or 3e38 were taken, and eigenvalues of -1e6. */
    @Test
    void eigenvectorsAreOfLengthOneAndEigenvaluesNotNegative() throws IOException, URISyntaxException {
        for (Strategy strategy : List.of(Strategy.EKFAC, Strategy.KFAC, Strategy.GRADIENT_BASIS)) {
            for (String name : List.of(
                    FactorTensors.ACTIVATION_EIGENVECTORS,
                    FactorTensors.GRADIENT_EIGENVECTORS,
                    FactorTensors.ACTIVATION_EIGENVALUES,
                    FactorTensors.GRADIENT_EIGENVALUES)) {
                boolean vectors = name.endsWith("vectors");
                for (double wrong : vectors ? new double[] {0, 10, 3e38} : new double[] {-1e6, -1e-2}) {
                    List<LayerSpec> layers = save(strategy);
                    change(name, wrong, vectors, TensorType.F64);
                    MalformedFileException refused = assertThrows(
                            MalformedFileException.class,
                            () -> FactorStore.openKronfluence(folder, layers, Backends.EJML)
                                    .load(Backends.EJML),
                            () -> strategy + " " + name + " " + wrong);
                    String message = String.valueOf(refused.getMessage());
                    assertTrue(message.contains(vectors ? "of length 1" : "not negative"), message);
                }
            }
        }
    }

    /** Defect: eigenvalues of covariances that were summed in few bits were refused for what these bits do. */
    @Test
    void eigenvaluesMayBeNegativeByTheRoundingOfTheirType() throws IOException, URISyntaxException {
        Map<TensorType, Double> roundings =
                Map.of(TensorType.F64, 1e-7, TensorType.F32, 1e-7, TensorType.F16, 1e-3, TensorType.BF16, 1e-2);
        for (Map.Entry<TensorType, Double> rounding : roundings.entrySet()) {
            for (String name : List.of(FactorTensors.ACTIVATION_EIGENVALUES, FactorTensors.GRADIENT_EIGENVALUES)) {
                List<LayerSpec> layers = save(Strategy.EKFAC);
                change(name, -rounding.getValue(), false, rounding.getKey());
                FactorStore.openKronfluence(folder, layers, Backends.EJML)
                        .load(Backends.EJML)
                        .close();
                change(name, -100 * rounding.getValue(), false, rounding.getKey());
                assertThrows(
                        MalformedFileException.class,
                        () -> FactorStore.openKronfluence(folder, layers, Backends.EJML)
                                .load(Backends.EJML),
                        rounding::toString);
            }
        }
    }

    /** Multiplies the first eigenvector of every layer, or makes the first eigenvalue a share of the largest, in a type. */
    private void change(String name, double factor, boolean vectors, TensorType type) throws IOException {
        Path path = folder.resolve(FactorTensors.file(name));
        Map<TensorSpec, double[]> numbers = new LinkedHashMap<>();
        Map<String, String> metadata;
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            metadata = file.metadata();
            for (String layer : file.names()) {
                TensorSpec spec = file.tensor(layer);
                double[] values = new double[(int) spec.elements()];
                file.read(layer, 0, values.length, values, 0);
                if (vectors) {
                    for (int k = 0; k < values.length; k += (int) spec.dimension(1)) {
                        values[k] *= factor;
                    }
                } else {
                    values[0] = factor * Math.min(1, values[values.length - 1]);
                }
                numbers.put(new TensorSpec(layer, type, spec.shape()), values);
            }
        }
        try (SafetensorsWriter file = SafetensorsWriter.create(path, List.copyOf(numbers.keySet()), metadata)) {
            for (Map.Entry<TensorSpec, double[]> each : numbers.entrySet()) {
                file.append(each.getKey().name(), each.getValue(), 0, each.getValue().length);
            }
            file.commit();
        }
    }

    @Test
    void anUnknownStrategyIsAnsweredWithAllThereAre() throws IOException, URISyntaxException {
        save(Strategy.EKFAC);
        Path file = folder.resolve(FactorManifest.FILE);
        Resealing.edit(file, text -> text.replace("\"ekfac\"", "\"shampoo\""));
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
