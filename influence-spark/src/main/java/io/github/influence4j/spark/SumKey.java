package io.github.influence4j.spark;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import java.io.Serializable;
import java.util.Comparator;

/**
 * What a record of the shuffle is: some rows of a matrix of sums, of one partition or of all.
 *
 * @param unit what is decomposed in one place: the first of the layers that read one input
 * @param matrix name of the matrix, which begins with that of its layer
 * @param firstRow first row of the record
 * @param partition whose sums they are; 0 for those of all
 */
@DefaultSerializer(JavaSerializer.class) // where Kryo is used: it cannot make records
record SumKey(int unit, String matrix, int firstRow, int partition) implements Comparable<SumKey>, Serializable {

    private static final Comparator<SumKey> ORDER = Comparator.comparingInt(SumKey::unit)
            .thenComparing(SumKey::matrix)
            .thenComparingInt(SumKey::firstRow)
            .thenComparingInt(SumKey::partition);

    @Override
    public int compareTo(SumKey other) {
        return ORDER.compare(this, other);
    }

    boolean sameRows(SumKey other) {
        return unit == other.unit && firstRow == other.firstRow && matrix.equals(other.matrix);
    }

    /** The same rows, of all partitions. */
    SumKey ofAll() {
        return new SumKey(unit, matrix, firstRow, 0);
    }
}
