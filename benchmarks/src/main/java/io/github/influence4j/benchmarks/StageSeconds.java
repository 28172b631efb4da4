package io.github.influence4j.benchmarks;

import io.github.influence4j.api.ProgressListener;
import java.util.LinkedHashMap;
import java.util.Map;

/** Seconds of stages, told apart by what is reported of progress: a stage lasts from the end of the one before to its last report. */
final class StageSeconds implements ProgressListener {

    private final Map<String, Long> ends = new LinkedHashMap<>();
    private final long start = System.nanoTime();

    @Override
    public void progress(String stage, long done, long total) {
        ends.put(stage, System.nanoTime());
    }

    Map<String, Double> seconds() {
        Map<String, Double> seconds = new LinkedHashMap<>();
        long last = start;
        for (Map.Entry<String, Long> end : ends.entrySet()) {
            seconds.put(end.getKey(), (end.getValue() - last) / 1e9);
            last = end.getValue();
        }
        return seconds;
    }
}
