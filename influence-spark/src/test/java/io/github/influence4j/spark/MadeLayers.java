package io.github.influence4j.spark;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A host of so many layers of one size, whose captures are random numbers, made where they are needed of the ids of examples.
 *
 * @param count how many layers
 * @param size inputs and outputs of each
 */
record MadeLayers(int count, int size) implements ProviderFactory<Long> {

    List<LayerSpec> layers() {
        return IntStream.range(0, count)
                .mapToObj(layer -> LayerSpec.dense("layer" + layer, size, size).withoutBias())
                .toList();
    }

    @Override
    public GradientProvider<Long> open(MatrixBackend backend) {
        return new Provider(layers());
    }

    /** Examples with ids from 0 on, which are made by the executors. */
    static SparkExamples<Long, Long> examples(JavaSparkContext spark, long count, int partitions) {
        List<Integer> parts = IntStream.range(0, partitions).boxed().toList();
        JavaRDD<Long> ids = spark.parallelize(parts, partitions)
                .flatMap(part -> LongStream.range(part * count / partitions, (part + 1) * count / partitions)
                        .iterator());
        return new SparkExamples<>(ids, MadeLayers::read);
    }

    private static ExampleSource<Long> read(List<Long> ids) {
        return ExampleSource.of(ids, ids.stream().mapToLong(Long::longValue).toArray());
    }

    private record Provider(List<LayerSpec> layers) implements GradientProvider<Long> {

        @Override
        public void capture(ExampleBatch<Long> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
            for (LayerSpec layer : wanted) {
                sink.accept(LayerCapture.of(
                        layer,
                        numbers(batch, layer.name() + "/in", layer.inputs()),
                        numbers(batch, layer.name(), layer.outputs())));
            }
        }

        private static Matrix numbers(ExampleBatch<Long> batch, String what, int columns) {
            double[] numbers = new double[batch.size() * columns];
            for (int e = 0; e < batch.size(); e++) {
                SplittableRandom random = new SplittableRandom(31 * batch.ids()[e] + what.hashCode());
                for (int c = 0; c < columns; c++) {
                    numbers[e * columns + c] = random.nextDouble(-1, 1);
                }
            }
            return Matrix.of(numbers, batch.size(), columns);
        }
    }
}
