package io.github.influence4j.ekfac.plan;

/**
 * What one stage on a cluster will need.
 *
 * @param stage name of the stage, as Spark shows it
 * @param shuffledBytes bytes that all tasks send to each other
 * @param broadcastBytes bytes that every executor gets
 * @param nativeBytes bytes beside the heap that a task holds at the fullest moment, without its model
 * @param heapBytes bytes on the heap of a task at the fullest moment
 * @param seconds time, an estimate
 */
public record ClusterStage(
        String stage,
        double shuffledBytes,
        double broadcastBytes,
        double nativeBytes,
        double heapBytes,
        double seconds) {}
