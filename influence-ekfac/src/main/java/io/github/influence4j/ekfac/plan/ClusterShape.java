package io.github.influence4j.ekfac.plan;

/**
 * The executors of a cluster. Each has one task at a time, which has all its cores.
 *
 * @param executors E, JVMs that compute
 * @param cores cores of each
 * @param partitions P, parts of the training set
 */
public record ClusterShape(int executors, int cores, int partitions) {

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public ClusterShape {
        if (executors < 1 || cores < 1 || partitions < 1) {
            throw new IllegalArgumentException("executors, cores and partitions must be positive, found " + executors
                    + ", " + cores + " and " + partitions);
        }
    }

    /**
     * Describes a cluster with a partition for each executor.
     *
     * @param executors E, JVMs that compute
     * @param cores cores of each
     * @return the cluster
     * @throws IllegalArgumentException if one is not positive
     */
    public static ClusterShape of(int executors, int cores) {
        return new ClusterShape(executors, cores, executors);
    }

    /** Partitions that the busiest executor works through. */
    int rounds() {
        return (partitions - 1) / executors + 1;
    }
}
