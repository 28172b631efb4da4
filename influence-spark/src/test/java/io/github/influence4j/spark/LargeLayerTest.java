package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.broadcast.Broadcast;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.Tuple2;

/** A covariance of 8,192 inputs, 537 MB, through the reduction, a file and a broadcast, with Spark's limits as they are. */
@Tag("slow")
class LargeLayerTest {

    private static final int ORDER = 8192;

    @TempDir
    private Path folder;

    /** Entry [r, c] is scale · (r + c / 8192): exact in float64. */
    private record Made(double scale) implements Matrix, Serializable {

        @Override
        public int rows() {
            return ORDER;
        }

        @Override
        public int columns() {
            return ORDER;
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT64;
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            for (int k = 0; k < rowCount * ORDER; k++) {
                target[offset + k] = scale * (firstRow + k / ORDER + (double) (k % ORDER) / ORDER);
            }
        }
    }

    /** How many rows are not those of a scale. */
    private static int wrong(Matrix matrix, double scale) {
        double[] expected = new double[ORDER];
        double[] actual = new double[ORDER];
        int wrong = 0;
        for (int row = 0; row < ORDER; row++) {
            new Made(scale).read(row, 1, expected, 0);
            matrix.read(row, 1, actual, 0);
            wrong += Arrays.equals(expected, actual) ? 0 : 1;
        }
        return wrong;
    }

    private static Iterator<Tuple2<SumKey, SumRows>> sums(int partition) {
        return new SettledSums(Map.of("big/activation/0", new Made(partition + 1)), name -> 0, partition);
    }

    @Test
    void theReductionTakesIt() {
        JavaPairRDD<SumKey, SumRows> parts = JavaPairRDD.fromJavaRDD(Local.context()
                .parallelize(List.of(0, 1, 2), 3)
                .mapPartitionsWithIndex((partition, rows) -> sums(partition), true));
        List<Integer> wrong = Reduction.byUnit(parts, List.of(0))
                .mapPartitions(sorted -> List.of(wrong(
                                Objects.requireNonNull(UnitSums.gather(sorted).get("big/activation/0")), 6))
                        .iterator())
                .collect();
        assertEquals(List.of(0), wrong);
    }

    @Test
    void theBroadcastTakesIt() throws IOException {
        WorkFolder work = WorkFolder.create(folder.resolve("work"));
        work.write("basis-0", Map.of("activation/0", new Made(5)));
        Broadcast<SentPiece> sent = Local.context().broadcast(SentPiece.read(work, "basis-0"));
        List<Integer> wrong = Local.context()
                .parallelize(List.of(0), 1)
                .map(one -> wrong(sent.value().matrix("activation/0"), 5))
                .collect();
        sent.destroy();
        assertEquals(List.of(0), wrong);
    }
}
