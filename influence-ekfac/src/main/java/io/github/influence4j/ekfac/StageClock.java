package io.github.influence4j.ekfac;

import io.github.influence4j.api.Provenance;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Adds up the wall time of each stage of a fit over its groups of layers. */
final class StageClock {

    private final Map<String, Duration> durations = new LinkedHashMap<>();

    void time(String stage, Runnable work) {
        long start = System.nanoTime();
        work.run();
        durations.merge(stage, Duration.ofNanos(System.nanoTime() - start), Duration::plus);
    }

    Provenance addTo(Provenance provenance) {
        Provenance result = provenance;
        for (Map.Entry<String, Duration> entry : durations.entrySet()) {
            result = result.withDuration(entry.getKey(), entry.getValue());
        }
        return result;
    }
}
