package io.github.influence4j.ekfac.plan;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What a fit and its scores will need on a cluster.
 *
 * @param cluster the executors
 * @param stages the stages, in their order
 * @param layerGroups groups of layers that are fitted one after the other, each with passes of its own
 * @param driverBytes bytes on the heap of the driver at the fullest moment
 */
public record ClusterPlan(ClusterShape cluster, List<ClusterStage> stages, int layerGroups, double driverBytes) {

    /** What Spark itself is given, of the heap and beside it. */
    private static final double SPARK = 2L << 30;

    private static final double GIBIBYTE = 1L << 30;

    /** Copies the list. */
    public ClusterPlan {
        stages = List.copyOf(stages);
    }

    /**
     * Finds a stage.
     *
     * @param name its name
     * @return the stage
     * @throws IllegalArgumentException if the plan has no such stage
     */
    public ClusterStage stage(String name) {
        return stages.stream()
                .filter(stage -> stage.stage().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no stage " + name + " among "
                        + stages.stream().map(ClusterStage::stage).toList()));
    }

    private double largest(ToDoubleFunction<ClusterStage> bytes) {
        return stages.stream().mapToDouble(bytes).max().orElse(0);
    }

    /**
     * Says how to set Spark.
     *
     * @param model bytes that an executor holds of the model, beside the heap
     * @return options of Spark's with their values, memory in whole gibibytes
     */
    public Map<String, String> sparkOptions(double model) {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("spark.executor.instances", Integer.toString(cluster.executors()));
        options.put("spark.executor.cores", Integer.toString(cluster.cores()));
        options.put("spark.task.cpus", Integer.toString(cluster.cores()));
        options.put("spark.executor.memory", gibibytes(SPARK + largest(ClusterStage::heapBytes)));
        options.put("spark.executor.memoryOverhead", gibibytes(SPARK + model + largest(ClusterStage::nativeBytes)));
        options.put("spark.driver.memory", gibibytes(SPARK + driverBytes));
        return options;
    }

    private static String gibibytes(double bytes) {
        return Math.round(Math.ceil(bytes / GIBIBYTE)) + "g";
    }

    /**
     * Returns the time of all stages.
     *
     * @return seconds, an estimate
     */
    public double seconds() {
        return stages.stream().mapToDouble(ClusterStage::seconds).sum();
    }
}
