package io.github.influence4j.spark;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/** How rows are divided into partitions. */
enum Layout {
    ONE(1),
    TWO(2),
    THREE(3),
    SEVEN(7),
    /** The first row, nothing, and all others. */
    SKEWED(3);

    private final int partitions;

    Layout(int partitions) {
        this.partitions = partitions;
    }

    private <T> List<T> partition(int index, List<T> rows) {
        if (this == SKEWED) {
            return rows.subList(index == 0 ? 0 : 1, index == 2 ? rows.size() : 1);
        }
        int n = rows.size();
        return rows.subList(index * n / partitions, (index + 1) * n / partitions);
    }

    /** Divides rows, in their order. */
    <T> JavaRDD<T> of(JavaSparkContext spark, List<T> rows) {
        List<List<T>> parts = IntStream.range(0, partitions)
                .mapToObj(index -> List.copyOf(partition(index, rows)))
                .toList();
        return spark.parallelize(parts, partitions).flatMap(List::iterator);
    }
}
