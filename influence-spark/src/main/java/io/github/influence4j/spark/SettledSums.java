package io.github.influence4j.spark;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Precision;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.ToIntFunction;
import scala.Tuple2;

/** Cuts the sums of a partition into records, one at a time, so that the heap never holds more than one. */
final class SettledSums implements Iterator<Tuple2<SumKey, SumRows>> {

    private final Deque<Map.Entry<String, Matrix>> left;
    private final ToIntFunction<String> unitOf;
    private final int partition;
    private int firstRow;

    /** Takes sums by name; {@code unitOf} says by a matrix's name where it is decomposed. */
    SettledSums(Map<String, Matrix> sums, ToIntFunction<String> unitOf, int partition) {
        this.left = new ArrayDeque<>(sums.entrySet());
        this.unitOf = unitOf;
        this.partition = partition;
    }

    @Override
    public boolean hasNext() {
        return !left.isEmpty();
    }

    @Override
    public Tuple2<SumKey, SumRows> next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        String name = left.getFirst().getKey();
        Matrix sums = left.getFirst().getValue();
        int columns = sums.columns();
        int count = Math.min(SentMatrix.rowsOfBlock(columns, Precision.FLOAT64), sums.rows() - firstRow);
        double[] numbers = new double[count * columns];
        sums.read(firstRow, count, numbers, 0);
        SumKey key = new SumKey(unitOf.applyAsInt(name), name, firstRow, partition);
        firstRow += count;
        if (firstRow == sums.rows()) {
            left.removeFirst();
            firstRow = 0;
        }
        return new Tuple2<>(key, new SumRows(columns, numbers));
    }
}
