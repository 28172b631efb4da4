package io.github.influence4j.spark;

import java.util.Comparator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;

/**
 * Two shuffles: the first brings equal rows of all partitions together and adds them up, spread over the cluster; the second brings
 * the summed rows of a layer to where it is decomposed.
 */
final class Reduction {

    private Reduction() {}

    /** Returns the sums over all partitions, each unit of layers in a partition of its own and sorted there. */
    static JavaPairRDD<SumKey, SumRows> byUnit(JavaPairRDD<SumKey, SumRows> parts, List<Integer> units) {
        Comparator<SumKey> order = Comparator.naturalOrder();
        return parts.repartitionAndSortWithinPartitions(new ByRows(Math.max(1, parts.getNumPartitions())), order)
                .mapPartitionsToPair(OrderedSums::new, true)
                .repartitionAndSortWithinPartitions(new ByUnit(List.copyOf(units)), order);
    }

    /** Spreads the rows of all matrices. */
    private static final class ByRows extends Partitioner {
        private static final long serialVersionUID = 1;
        private final int partitions;

        ByRows(int partitions) {
            this.partitions = partitions;
        }

        @Override
        public int numPartitions() {
            return partitions;
        }

        @Override
        public int getPartition(Object key) {
            SumKey rows = (SumKey) key;
            int hash = 31 * (31 * rows.unit() + rows.matrix().hashCode()) + rows.firstRow();
            return Math.floorMod(hash * 0x9E3779B9, partitions);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof ByRows same && same.partitions == partitions;
        }

        @Override
        public int hashCode() {
            return partitions;
        }
    }

    /** A partition for each unit. */
    private static final class ByUnit extends Partitioner {
        private static final long serialVersionUID = 1;
        private final List<Integer> units;

        ByUnit(List<Integer> units) {
            this.units = units;
        }

        @Override
        public int numPartitions() {
            return units.size();
        }

        @Override
        public int getPartition(Object key) {
            return units.indexOf(((SumKey) key).unit());
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof ByUnit same && same.units.equals(units);
        }

        @Override
        public int hashCode() {
            return units.hashCode();
        }
    }
}
