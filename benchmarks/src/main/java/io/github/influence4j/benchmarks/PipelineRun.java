package io.github.influence4j.benchmarks;

import java.util.Map;

/**
 * One run through all stages.
 *
 * @param seconds wall time of each stage, its file writing included
 * @param pairwise scores, query after query, [queries·train]
 * @param self one score for each training example
 */
@SuppressWarnings("ArrayRecordComponent") // bulk data, never compared
record PipelineRun(Map<Stage, Double> seconds, double[] pairwise, double[] self) {

    double total() {
        return seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    }
}
