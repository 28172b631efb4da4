package io.github.influence4j.store.factors;

import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A folder {@code factors_…} of kronfluence's. A run that is divided writes Λ as {@code
 * lambda_matrix_data_partition0_module_partition1.safetensors} and so on, each with the sum over its part of the data and with its
 * part of the modules; when all are there, kronfluence adds them up.
 *
 * @param folder the folder
 * @param dataPartitions parts of the data in a divided run's Λ
 * @param modulePartitions parts of the modules
 */
record KronfluenceFolder(ShardFolder folder, int dataPartitions, int modulePartitions) {

    /** The eigenvectors' type decides; no covariance of a fit needs more. */
    private static final List<String> TELLING =
            List.of(FactorTensors.ACTIVATION_EIGENVECTORS, FactorTensors.LAMBDA_MATRIX);

    /** What makes the files that are missing. */
    private static final Map<String, String> MADE_BY = Map.of(
            FactorTensors.ACTIVATION_EIGENVECTORS, "perform_eigendecomposition",
            FactorTensors.ACTIVATION_EIGENVALUES, "perform_eigendecomposition",
            FactorTensors.GRADIENT_EIGENVECTORS, "perform_eigendecomposition",
            FactorTensors.GRADIENT_EIGENVALUES, "perform_eigendecomposition",
            FactorTensors.LAMBDA_MATRIX, "fit_lambda_matrices",
            FactorTensors.LAMBDA_COUNT, "fit_lambda_matrices");

    static ForeignFactors open(Path path) throws IOException {
        ShardFolder files = new ShardFolder(path);
        Path file = files.resolve(FactorTensors.ARGUMENTS);
        if (!Files.exists(file)) {
            throw new MalformedFileException(path, "holds no " + FactorTensors.ARGUMENTS + ": " + hint(path));
        }
        StrictJson json = StrictJson.read(file, "the arguments");
        Strategy strategy = FactorManifest.strategy(json.text("strategy"), json);
        KronfluenceFolder folder = new KronfluenceFolder(
                files, partitions(json, "lambda_data_partitions"), partitions(json, "lambda_module_partitions"));
        try (JoinedFiles opened = folder.open(strategy)) {
            Set<String> layers = new TreeSet<>(opened.layers());
            boolean wide = TELLING.stream()
                    .filter(opened::has)
                    .anyMatch(name ->
                            opened.tensor(name, layers.iterator().next()).spec().type() == TensorType.F64);
            boolean empirical = json.has("use_empirical_fisher") && json.flag("use_empirical_fisher");
            return new ForeignFactors(
                    path,
                    "kronfluence",
                    strategy,
                    examples(opened, layers),
                    // FactorWriter tells the empirical Fisher matrix by this word
                    empirical ? "Empirical, by kronfluence" : "sampled by kronfluence",
                    layers,
                    wide ? Precision.FLOAT64 : Precision.FLOAT32,
                    () -> folder.open(strategy));
        }
    }

    private static String hint(Path path) throws IOException {
        try (Stream<Path> inside = Files.list(path)) {
            List<String> factors = inside.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("factors_"))
                    .sorted()
                    .toList();
            return factors.isEmpty()
                    ? "give a folder factors_NAME that kronfluence wrote"
                    : "give one of the folders in it, such as " + MalformedFileException.quote(factors.get(0));
        }
    }

    private static int partitions(StrictJson json, String key) {
        return json.has(key) ? json.positive(key) : 1;
    }

    private static OptionalLong examples(JoinedFiles opened, Set<String> layers) {
        if (!opened.has(FactorTensors.LAMBDA_COUNT)) {
            return OptionalLong.empty();
        }
        double count = opened.tensor(
                        FactorTensors.LAMBDA_COUNT, layers.iterator().next())
                .requireShape(1)
                .row()[0];
        return count >= 1 ? OptionalLong.of((long) count) : OptionalLong.empty();
    }

    private JoinedFiles open(Strategy strategy) throws IOException {
        JoinedFiles joined = new JoinedFiles(folder.path());
        try {
            for (String name : FactorTensors.of(strategy)) {
                String whole = FactorTensors.file(name);
                boolean divided = name.equals(FactorTensors.LAMBDA_MATRIX) || name.equals(FactorTensors.LAMBDA_COUNT);
                if (Files.exists(folder.resolve(whole))) {
                    joined.put(name, List.of(folder.open(whole)), JoinedFiles.Join.SUM, 1);
                } else if (divided && dataPartitions * modulePartitions > 1) {
                    joined.put(name, partitions(name), JoinedFiles.Join.SUM, dataPartitions);
                } else {
                    throw missing(name, whole);
                }
            }
            return joined;
        } catch (IOException | RuntimeException | Error e) {
            joined.close();
            throw e;
        }
    }

    private List<SafetensorsFile> partitions(String name) throws IOException {
        List<SafetensorsFile> opened = new ArrayList<>();
        try {
            for (int d = 0; d < dataPartitions; d++) {
                for (int m = 0; m < modulePartitions; m++) {
                    String file = FactorTensors.file(name + "_data_partition" + d + "_module_partition" + m);
                    if (!Files.exists(folder.resolve(file))) {
                        throw missing(name, file);
                    }
                    opened.add(folder.open(file));
                }
            }
            return opened;
        } catch (IOException | RuntimeException | Error e) {
            for (SafetensorsFile file : opened) {
                file.close();
            }
            throw e;
        }
    }

    private MalformedFileException missing(String name, String file) throws IOException {
        // of a folder of pickles this says so
        folder.names();
        return new MalformedFileException(
                folder.path(), "holds no " + file + "; have kronfluence write it with " + MADE_BY.get(name));
    }
}
