package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.Loss;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.models.Activation;
import io.github.influence4j.models.LabelledExample;
import io.github.influence4j.models.Mlp;
import io.github.influence4j.models.MlpShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** How long a fit and scores take, of a perceptron whose captures executors compute. */
public final class ClusterSpeed {

    private static final int FEATURES = 256;
    private static final MlpShape SHAPE =
            MlpShape.of(Activation.GELU, Loss.SOFTMAX_CROSS_ENTROPY, FEATURES, 512, 512, 512, 10);
    private static final int QUERIES = 16;
    private static final int WARM_UP = 2_000;

    private ClusterSpeed() {}

    private record Perceptron() implements ProviderFactory<LabelledExample> {
        @Override
        public GradientProvider<LabelledExample> open(MatrixBackend backend) {
            return Mlp.create(backend, SHAPE, 1);
        }
    }

    private static SparkExamples<Long, LabelledExample> examples(
            JavaSparkContext spark, long first, long count, int partitions) {
        List<Integer> parts = IntStream.range(0, partitions).boxed().toList();
        JavaRDD<Long> ids = spark.parallelize(parts, partitions).flatMap(part -> LongStream.range(
                        first + part * count / partitions, first + (part + 1) * count / partitions)
                .iterator());
        return new SparkExamples<>(ids, ClusterSpeed::read);
    }

    private static ExampleSource<LabelledExample> read(List<Long> ids) {
        return ExampleSource.of(
                ids.stream().map(ClusterSpeed::example).toList(),
                ids.stream().mapToLong(Long::longValue).toArray());
    }

    private static LabelledExample example(long id) {
        SplittableRandom random = new SplittableRandom(id);
        return LabelledExample.classified(random.doubles(FEATURES, -1, 1).toArray(), random.nextInt(SHAPE.outputs()));
    }

    /** Takes a folder for results, the examples of the fit and those that are scored, and the number of partitions. */
    public static void main(String... arguments) throws IOException, InterruptedException, TimeoutException {
        Path results = Path.of(arguments[0]);
        long fitted = Long.parseLong(arguments[1]);
        long scored = Long.parseLong(arguments[2]);
        int partitions = Integer.parseInt(arguments[3]);
        try (SparkSession session = SparkSession.builder().getOrCreate()) {
            JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
            fit(session, examples(spark, 0, WARM_UP, partitions), results.resolve("warm"));
            score(session, WARM_UP, partitions, results.resolve("warm"));
            StageTimes times = new StageTimes();
            session.sparkContext().addSparkListener(times);
            double fit = fit(session, examples(spark, 0, fitted, partitions), results.resolve("factors"));
            double score = score(session, scored, partitions, results.resolve("factors"));
            session.sparkContext().listenerBus().waitUntilEmpty();
            Files.write(results.resolve("stages"), times.lines());
            Files.writeString(results.resolve("seconds"), String.format(Locale.ROOT, "%.1f %.1f", fit, score));
        }
    }

    private static double fit(SparkSession session, SparkExamples<Long, LabelledExample> train, Path factors)
            throws IOException {
        long start = System.nanoTime();
        SparkEkfac.on(session).fit(new Perceptron(), train, factors);
        return 1e-9 * (System.nanoTime() - start);
    }

    private static double score(SparkSession session, long count, int partitions, Path factors) throws IOException {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        long start = System.nanoTime();
        SparkEkfac.on(session)
                .scoring(new Perceptron(), factors, Damping.DEFAULT)
                .topK(examples(spark, -QUERIES, QUERIES, 1), examples(spark, 0, count, partitions), 10);
        return 1e-9 * (System.nanoTime() - start);
    }
}
