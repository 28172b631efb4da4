package io.github.influence4j.ekfac.internal.fit;

import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.factor.WantOfMemory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Adds up the wall time of each stage of a fit over its groups of layers, and names the stage in which memory was wanting. */
final class StageClock {

    private final Map<String, Duration> durations = new LinkedHashMap<>();

    /**
     * Does a part of a stage.
     *
     * @param factorBytes what the factors take in this stage at most
     */
    void time(String stage, double factorBytes, Runnable work) {
        long start = System.nanoTime();
        WantOfMemory.named(
                () -> stage + " (the factors are planned to take " + (long) factorBytes
                        + " bytes, captures and workspace of a batch come on top: take smaller batches, or set a memory limit,"
                        + " so that fewer layers are fitted together)",
                work);
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
