package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.Matrix;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.Tuple2;

/** Records of sums: cut, shuffled, added in order and put together again, against plain loops. */
class KeyedSumsTest {

    private static Map<String, double[][]> sums(int partition, int order) {
        Random random = new Random(partition);
        Map<String, double[][]> sums = new LinkedHashMap<>();
        for (String name : List.of("a/gradient/0", "a/activation/0", "b/squares")) {
            double[][] matrix = new double[order][name.equals("b/squares") ? 3 : order];
            for (double[] row : matrix) {
                for (int c = 0; c < row.length; c++) {
                    row[c] = random.nextGaussian() * Math.scalb(1.0, random.nextInt(40));
                }
            }
            sums.put(name, matrix);
        }
        return sums;
    }

    private static List<Tuple2<SumKey, SumRows>> records(int partition, Map<String, double[][]> sums) {
        Map<String, Matrix> matrices = new LinkedHashMap<>();
        sums.forEach((name, numbers) -> matrices.put(name, Matrix.of(numbers)));
        List<Tuple2<SumKey, SumRows>> records = new ArrayList<>();
        new SettledSums(matrices, name -> name.startsWith("a") ? 0 : 1, partition).forEachRemaining(records::add);
        return records;
    }

    /** An order of 1,700 makes two records of a matrix. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1700})
    void sumsAreThoseOfPlainLoopsInTheOrderOfPartitions(int order) {
        int partitions = 3;
        List<Map<String, double[][]>> taken =
                IntStream.range(0, partitions).mapToObj(p -> sums(p, order)).toList();
        List<Tuple2<SumKey, SumRows>> all = new ArrayList<>();
        for (int p = 0; p < partitions; p++) {
            all.addAll(records(p, taken.get(p)));
        }
        for (Tuple2<SumKey, SumRows> record : all) {
            assertTrue(record._2().numbers().length <= SentMatrix.BLOCK_BYTES / Double.BYTES);
        }
        Collections.shuffle(all, new Random(1));
        all.sort((one, other) -> one._1().compareTo(other._1()));
        Map<String, Matrix> gathered = UnitSums.gather(new OrderedSums(all.iterator()));
        for (String name : taken.get(0).keySet()) {
            double[][] expected = Objects.requireNonNull(taken.get(0).get(name));
            for (int p = 1; p < partitions; p++) {
                double[][] more = Objects.requireNonNull(taken.get(p).get(name));
                for (int r = 0; r < order; r++) {
                    for (int c = 0; c < expected[r].length; c++) {
                        expected[r][c] += more[r][c];
                    }
                }
            }
            double[][] actual = Objects.requireNonNull(gathered.get(name)).toArray();
            for (int r = 0; r < order; r++) {
                assertArrayEquals(expected[r], actual[r]);
            }
        }
    }

    @Test
    void matricesThatAreSentReadAsTheyWere() {
        int columns = SentMatrix.BLOCK_BYTES / Float.BYTES / 3;
        float[] numbers = new float[7 * columns];
        for (int k = 0; k < numbers.length; k++) {
            numbers[k] = k;
        }
        Matrix sent = SentMatrix.of(Matrix.of(numbers, 7, columns));
        float[] read = new float[4 * columns];
        sent.read(2, 4, read, 0);
        for (int k = 0; k < read.length; k++) {
            assertEquals(numbers[2 * columns + k], read[k]);
        }
    }

    private static final class Closed implements AutoCloseable {
        private int times;

        @Override
        public void close() {
            times++;
        }
    }

    @Test
    void whatIsLentIsClosedWhenAnotherTakesItsPlace() throws IOException {
        Loans<Closed> loans = Loans.of(true);
        Loans<Closed>.Loan one = loans.borrow("a", false, Closed::new);
        Loans<Closed>.Loan two = loans.borrow("a", false, Closed::new);
        assertTrue(one.thing() != two.thing());
        one.close();
        Loans<Closed>.Loan again = loans.borrow("a", false, Closed::new);
        assertEquals(one.thing(), again.thing());
        Loans<Closed>.Loan shared = loans.borrow("b", true, Closed::new);
        assertEquals(shared.thing(), loans.borrow("b", true, Closed::new).thing());
        assertEquals(0, two.thing().times + again.thing().times);
        two.close();
        loans.borrow("c", true, Closed::new);
        assertEquals(1, two.thing().times);
        assertEquals(0, again.thing().times);
    }

    /** Whatever is made may be as large as a task may take. */
    @Test
    void whatIsLentIsClosedForAnotherKindUnlessItStays() throws IOException {
        Loans<Closed> models = Loans.of(true);
        Loans<Closed> solvers = Loans.of(false);
        Loans<Closed> bases = Loans.of(false);
        Loans<Closed>.Loan model = models.borrow("m", false, Closed::new);
        Loans<Closed>.Loan solver = solvers.borrow("s", true, Closed::new);
        model.close();
        bases.borrow("b", true, Closed::new);
        assertEquals(0, solver.thing().times, "in use");
        solver.close();
        Loans<Closed>.Loan again = bases.borrow("c", true, Closed::new);
        assertEquals(1, solver.thing().times);
        assertEquals(0, model.thing().times);
        again.close();
        bases.closeIdle();
        assertEquals(1, again.thing().times);
    }
}
