package io.github.influence4j.store.factors;

import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.ShardFolder;
import io.github.influence4j.safetensors.TensorType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * A Hessian of bergson's: a folder for each kind of tensor, and in it a file for each process, {@code shard_0.safetensors} and so on, with
 * some of the rows.
 *
 * <p>Eigenvalues of the two covariances are means over positions, times the root of the positions of a document, so that their products are of
 * a document's gradient; corrected eigenvalues are means over documents (bergson 2.5; earlier ones stored sums).
 */
record BergsonFolder(Path folder, Strategy strategy) {

    private static final String CORRECTED = "eigenvalue_correction_sharded";

    static ForeignFactors open(Path path) throws IOException {
        Strategy strategy = Files.isDirectory(path.resolve(CORRECTED)) ? Strategy.EKFAC : Strategy.KFAC;
        BergsonFolder folder = new BergsonFolder(path, strategy);
        try (JoinedFiles opened = folder.open()) {
            Set<String> layers = new TreeSet<>(opened.layers());
            boolean wide = opened.tensor(
                                    FactorTensors.ACTIVATION_EIGENVECTORS,
                                    layers.iterator().next())
                            .spec()
                            .type()
                    == TensorType.F64;
            return new ForeignFactors(
                    path,
                    "bergson",
                    strategy,
                    OptionalLong.empty(),
                    "not said by bergson",
                    layers,
                    wide ? Precision.FLOAT64 : Precision.FLOAT32,
                    folder::open);
        }
    }

    private JoinedFiles open() throws IOException {
        JoinedFiles joined = new JoinedFiles(folder);
        try {
            int shards = put(joined, FactorTensors.ACTIVATION_EIGENVECTORS, "eigen_activation_sharded", false);
            List<Integer> others = new ArrayList<>(List.of(
                    put(joined, FactorTensors.GRADIENT_EIGENVECTORS, "eigen_gradient_sharded", false),
                    // every process writes all of them
                    put(joined, FactorTensors.ACTIVATION_EIGENVALUES, "factor_eig_a", true),
                    put(joined, FactorTensors.GRADIENT_EIGENVALUES, "factor_eig_g", false)));
            if (strategy == Strategy.EKFAC) {
                others.add(put(joined, FactorTensors.LAMBDA_MATRIX, CORRECTED, false));
                joined.put(FactorTensors.LAMBDA_COUNT, 1);
            }
            if (others.stream().anyMatch(count -> count != shards)) {
                throw new MalformedFileException(
                        folder,
                        "has " + shards + " shards of eigenvectors, and " + others
                                + " of the others; bring all together");
            }
            return joined;
        } catch (IOException | RuntimeException | Error e) {
            joined.close();
            throw e;
        }
    }

    /** Opens the shards of a kind, in the order of their numbers, and says how many there are. */
    private int put(JoinedFiles joined, String name, String kind, boolean repeated) throws IOException {
        if (!Files.isDirectory(folder.resolve(kind))) {
            throw new MalformedFileException(
                    folder, "has no folder " + kind + "; give the folder of a run of bergson hessian");
        }
        ShardFolder shards = new ShardFolder(folder.resolve(kind));
        Set<String> found = new TreeSet<>(shards.names());
        List<SafetensorsFile> files = new ArrayList<>();
        try {
            for (int rank = 0; rank < found.size(); rank++) {
                String file = "shard_" + rank + ShardFolder.SUFFIX;
                if (!found.contains(file)) {
                    throw new MalformedFileException(shards.path(), "lacks " + file + " among " + found);
                }
                files.add(shards.open(file));
            }
        } catch (IOException | RuntimeException | Error e) {
            for (SafetensorsFile file : files) {
                file.close();
            }
            throw e;
        }
        joined.put(name, files, repeated ? JoinedFiles.Join.SAME : JoinedFiles.Join.ROWS, files.size());
        return files.size();
    }
}
