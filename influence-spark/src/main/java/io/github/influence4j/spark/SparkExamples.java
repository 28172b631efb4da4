package io.github.influence4j.spark;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;

/**
 * A data set in partitions.
 *
 * <p>Sums are taken partition by partition and added in the order of the partitions, so that results depend on how the data are
 * divided and on nothing else: the same partitions give the same bits on any number of machines. Rows are asked for once a pass, so
 * that they must come in the same order every time.
 *
 * @param <R> type of a row
 * @param <E> the host's type of an example
 * @param rows the rows
 * @param reader makes examples of them
 */
public record SparkExamples<R, E>(JavaRDD<R> rows, PartitionReader<R, E> reader) {

    /**
     * Takes any data set.
     *
     * @param <R> type of a row
     * @param <E> the host's type of an example
     * @param rows the rows, in a fixed order
     * @param reader makes examples of them
     * @return the data set
     */
    public static <R, E> SparkExamples<R, E> of(Dataset<R> rows, PartitionReader<R, E> reader) {
        return new SparkExamples<>(rows.javaRDD(), reader);
    }
}
