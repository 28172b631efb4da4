package io.github.influence4j.spark;

import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.safetensors.TensorType;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CaptureWriter;
import io.github.influence4j.store.captures.CapturedExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;

/** Captures of the parity fixtures, cut into shards of a few examples. */
record CapturesSubject(String name, Path folder) implements Subject<CapturedExample> {

    static final List<String> CASES = List.of("mlp", "tokens", "conv", "block");

    private static final Path FIXTURES = Path.of("../influence-ekfac/src/test/resources/parity");
    private static final int EXAMPLES_OF_A_SHARD = 8;

    private Path captures(Side side) {
        return folder.resolve(side.name().toLowerCase(Locale.ROOT));
    }

    private CaptureSet fixture(String file) throws IOException {
        return CaptureSet.open(FIXTURES.resolve(name).resolve(file + ".safetensors"));
    }

    @Override
    public void write() throws IOException {
        try (CaptureSet pseudo = fixture("pseudo");
                CaptureSet train = fixture("train");
                CaptureSet query = fixture("query")) {
            write(pseudo, new Objective.SampledLabels(0), Side.SAMPLED);
            write(train, new Objective.TrainingLoss(), Side.TRAINING);
            write(query, new Objective.Measurement(), Side.QUERIES);
        }
    }

    private void write(CaptureSet set, Objective objective, Side side) throws IOException {
        CaptureWriter.export(
                CaptureProvider.of(set), set, objective, TensorType.F64, EXAMPLES_OF_A_SHARD, captures(side));
    }

    @Override
    public ProviderFactory<CapturedExample> fitted() {
        return CaptureFiles.model(captures(Side.SAMPLED));
    }

    @Override
    public ProviderFactory<CapturedExample> scored(Path factors) {
        return CaptureFiles.modelOf(factors, captures(Side.TRAINING), captures(Side.QUERIES));
    }

    @Override
    public SparkExamples<Integer, CapturedExample> examples(JavaSparkContext spark, Side side, Layout layout)
            throws IOException {
        int shards;
        try (Stream<Path> files = Files.list(captures(side))) {
            shards = (int) files.filter(file -> file.toString().endsWith(".safetensors"))
                    .count();
        }
        List<Integer> numbers = IntStream.range(0, shards).boxed().toList();
        return new SparkExamples<>(layout.of(spark, numbers), CaptureFiles.reader(captures(side)));
    }

    @Override
    public OneJvm inOneJvm(Precision precision) throws IOException {
        return OneJvm.of(
                precision,
                FitOptions.defaults(),
                ScoreOptions.defaults(),
                DAMPING,
                captures(Side.SAMPLED),
                captures(Side.TRAINING),
                captures(Side.QUERIES));
    }
}
