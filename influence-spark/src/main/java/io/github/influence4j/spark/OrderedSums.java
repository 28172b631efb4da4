package io.github.influence4j.spark;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import scala.Tuple2;

/** Adds up the records of all partitions, which come sorted, in the order of the partitions: so the bits do not depend on who came first. */
final class OrderedSums implements Iterator<Tuple2<SumKey, SumRows>> {

    private final Iterator<Tuple2<SumKey, SumRows>> sorted;
    private @Nullable Tuple2<SumKey, SumRows> next;

    OrderedSums(Iterator<Tuple2<SumKey, SumRows>> sorted) {
        this.sorted = sorted;
        this.next = sorted.hasNext() ? sorted.next() : null;
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public Tuple2<SumKey, SumRows> next() {
        Tuple2<SumKey, SumRows> first = next;
        if (first == null) {
            throw new NoSuchElementException();
        }
        double[] sum = first._2().numbers().clone();
        next = null;
        while (sorted.hasNext()) {
            Tuple2<SumKey, SumRows> other = sorted.next();
            if (!other._1().sameRows(first._1())) {
                next = other;
                break;
            }
            double[] numbers = other._2().numbers();
            for (int k = 0; k < sum.length; k++) {
                sum[k] += numbers[k];
            }
        }
        return new Tuple2<>(first._1().ofAll(), new SumRows(first._2().columns(), sum));
    }
}
