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

    /** Seconds of the stages of the pipeline. */
    double total() {
        return Stage.PIPELINE.stream()
                .mapToDouble(stage -> seconds.getOrDefault(stage, Double.NaN))
                .sum();
    }
}
