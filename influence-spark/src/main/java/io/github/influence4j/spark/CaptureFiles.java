package io.github.influence4j.spark;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;

/** Captures in folders of shards that every machine sees, in the place of a model and its data. */
public final class CaptureFiles {

    private CaptureFiles() {}

    /**
     * Takes captures in the place of a model.
     *
     * @param folders folders of captures that belong together, such as those of the training set and of the queries
     * @return the factory
     */
    public static ProviderFactory<CapturedExample> model(Path... folders) {
        return new Model(paths(folders), "");
    }

    /**
     * Takes captures in the place of a model that factors were fitted to: what their files do not say of layers, the factors do.
     *
     * @param factors folder of the factors
     * @param folders folders of captures
     * @return the factory
     */
    public static ProviderFactory<CapturedExample> modelOf(Path factors, Path... folders) {
        return new Model(paths(folders), factors.toAbsolutePath().toString());
    }

    private static List<String> paths(Path... folders) {
        return List.copyOf(Stream.of(folders)
                .map(folder -> folder.toAbsolutePath().toString())
                .toList());
    }

    /**
     * Takes the shards of a folder as the examples.
     *
     * @param spark the cluster
     * @param folder a folder of shards, or one file
     * @param partitions in how many partitions; those beyond the number of shards are empty
     * @return the examples
     * @throws IOException if the driver cannot read the folder
     */
    public static SparkExamples<Integer, CapturedExample> examples(JavaSparkContext spark, Path folder, int partitions)
            throws IOException {
        int shards;
        try (CaptureSet set = CaptureSet.open(folder)) {
            shards = set.shards().size();
        }
        return new SparkExamples<>(
                spark.parallelize(IntStream.range(0, shards).boxed().toList(), partitions), reader(folder));
    }

    /**
     * Reads shards by their numbers, in the order of {@link CaptureSet#shards}, for partitions of your own making.
     *
     * @param folder a folder of shards, or one file
     * @return the reader
     */
    public static PartitionReader<Integer, CapturedExample> reader(Path folder) {
        return new Reader(folder.toAbsolutePath().toString());
    }

    private static CaptureSet set(String folder) throws IOException {
        return ExecutorJvm.once("captures in " + folder, () -> CaptureSet.open(Path.of(folder)));
    }

    private record Model(List<String> folders, String factors) implements ProviderFactory<CapturedExample> {

        @Override
        public GradientProvider<CapturedExample> open(MatrixBackend backend) throws IOException {
            List<CaptureSet> sets = new ArrayList<>();
            for (String folder : folders) {
                sets.add(set(folder));
            }
            CaptureSet[] all = sets.toArray(CaptureSet[]::new);
            if (factors.isEmpty()) {
                return CaptureProvider.of(all);
            }
            FactorManifest manifest = FactorStore.open(Path.of(factors)).manifest();
            return CaptureProvider.of(manifest.layers(), manifest.provenance().model(), all);
        }

        @Override
        public boolean sharedByTasks() {
            return true;
        }
    }

    private record Reader(String folder) implements PartitionReader<Integer, CapturedExample> {

        @Override
        public ExampleSource<CapturedExample> read(List<Integer> rows) throws IOException {
            List<CaptureSet> shards = set(folder).shards();
            return new JoinedSource<>(rows.stream().map(shards::get).toList());
        }
    }
}
