package io.github.influence4j.spark;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaPairRDD;
import scala.Tuple2;

/** Counts a data set, and refuses one in which two examples have the same id: labels are drawn and scores kept by it. */
final class ExampleCount {

    private static final int BATCH = 1024;

    private ExampleCount() {}

    /** Returns N. Costs a pass over the examples without the model, and a shuffle of their ids. */
    static <R, E> long of(String what, SparkExamples<R, E> examples) {
        PartitionReader<R, E> reader = examples.reader();
        JavaPairRDD<Long, Integer> counted = examples.rows()
                .mapPartitionsWithIndex(
                        (partition, rows) -> TaskErrors.in(what, partition, () -> ids(rows, reader)), true)
                .mapToPair(id -> new Tuple2<>(id, 1))
                .reduceByKey(Integer::sum);
        long count = counted.count();
        if (count == 0) {
            throw new IllegalArgumentException(what + ": no partition has an example");
        }
        List<Long> twice = counted.filter(id -> id._2() > 1).keys().take(1);
        if (!twice.isEmpty()) {
            throw new IllegalArgumentException(what + ": the data set has two examples with id " + twice.get(0)
                    + "; labels and scores are kept by id, so each example of all partitions needs one of its own");
        }
        return count;
    }

    private static <R, E> Iterator<Long> ids(Iterator<R> rows, PartitionReader<R, E> reader) throws IOException {
        Optional<ExampleSource<E>> source = PartitionSource.of(rows, reader);
        if (source.isEmpty()) {
            return Collections.emptyIterator();
        }
        return of(source.get()).iterator();
    }

    /** The ids of examples, in their order. */
    static LongStream of(ExampleSource<?> source) {
        LongStream.Builder ids = LongStream.builder();
        for (ExampleBatch<?> batch : source.batches(BATCH)) {
            Arrays.stream(batch.ids()).forEach(ids);
        }
        return ids.build();
    }
}
