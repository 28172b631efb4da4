package io.github.influence4j.cli;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Sizes of gradients by the number of examples in a shard: a loss that is averaged over a batch makes those of a smaller batch
 * larger, by the ratio of the numbers.
 */
final class ShardScales {

    private static final int LEAST_EXAMPLES = 4;
    private static final double LEAST_RATIO = 2;

    /** Standard errors between the sizes and equal sizes; and, at most, between their ratio and that of the numbers. */
    private static final double APART = 6;

    private static final double NEAR = 3;

    private record Key(int positions, int examples) {}

    /** Mean and variance of ln ‖g‖. */
    private static final class Sizes {
        private int count;
        private double sum;
        private double squares;

        double mean() {
            return sum / count;
        }

        double ofMean() {
            return Math.max(0, squares / count - mean() * mean()) / (count - 1);
        }
    }

    private final Map<Key, Sizes> groups =
            new TreeMap<>(Comparator.comparingInt(Key::positions).thenComparingInt(Key::examples));

    void add(int shardSize, int positions, double squares) {
        if (squares > 0 && Double.isFinite(squares)) {
            Sizes sizes = groups.computeIfAbsent(new Key(positions, shardSize), key -> new Sizes());
            double size = Math.log(squares) / 2;
            sizes.count++;
            sizes.sum += size;
            sizes.squares += size * size;
        }
    }

    Optional<Finding> finding() {
        List<Map.Entry<Key, Sizes>> enough = groups.entrySet().stream()
                .filter(entry -> entry.getValue().count >= LEAST_EXAMPLES)
                .toList();
        for (Map.Entry<Key, Sizes> small : enough) {
            for (Map.Entry<Key, Sizes> large : enough) {
                double ratio =
                        (double) large.getKey().examples() / small.getKey().examples();
                boolean comparable =
                        large.getKey().positions() == small.getKey().positions() && ratio >= LEAST_RATIO;
                if (comparable && isAveraged(small.getValue(), large.getValue(), ratio)) {
                    return Optional.of(new Finding(
                            "averaged loss",
                            Optional.empty(),
                            Optional.empty(),
                            "gradients in shards of " + small.getKey().examples()
                                    + " examples are as many times larger than in those of "
                                    + large.getKey().examples() + ", as if the loss were averaged over them",
                            "add up the loss of each example, and do not divide by the batch's size"));
                }
            }
        }
        return Optional.empty();
    }

    private static boolean isAveraged(Sizes small, Sizes large, double ratio) {
        double difference = small.mean() - large.mean();
        double error = Math.sqrt(small.ofMean() + large.ofMean());
        return difference > APART * error && Math.abs(difference - Math.log(ratio)) <= NEAR * error;
    }
}
