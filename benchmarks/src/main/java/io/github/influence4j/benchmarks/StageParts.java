package io.github.influence4j.benchmarks;

import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the time of a stage went into, in runs of their own beside the measured ones.
 *
 * @param seconds of the whole stage, a median
 * @param operations seconds of each operation of the backend, called by the library or the model, in the run of the median
 */
record StageParts(double seconds, Map<String, Double> operations) {

    /** Over {@link #lines}. */
    static final String HEADER = """
            | workload | stage | seconds | floor | products and decompositions, s | other operations of the backend | the model's loops, files, the rest |
            |---|---|---|---|---|---|---|
            """;

    /** Runs a workload so many times on a {@link TimedBackend}, after once to warm up. */
    static Map<Stage, StageParts> of(MatrixBackend backend, WorkloadData data, Path folder, int count)
            throws IOException {
        TimedBackend timed = TimedBackend.of(backend);
        Map<Stage, List<StageParts>> runs = new EnumMap<>(Stage.class);
        try (EkfacPipeline pipeline = new EkfacPipeline(timed.backend(), data, folder)) {
            pipeline.run();
            timed.take();
            for (int k = 0; k < count; k++) {
                pipeline.run((stage, seconds) -> runs.computeIfAbsent(stage, key -> new ArrayList<>())
                        .add(new StageParts(seconds, timed.take())));
            }
        }
        Map<Stage, StageParts> parts = new EnumMap<>(Stage.class);
        runs.forEach((stage, some) -> parts.put(
                stage,
                some.stream()
                        .sorted(Comparator.comparingDouble(StageParts::seconds))
                        .toList()
                        .get(count / 2)));
        return parts;
    }

    /** Lines of a table, one for each stage: seconds, floor, and what went into products, other operations and the rest. */
    static String lines(String workload, Map<Stage, StageParts> parts, Map<Stage, Double> floors) {
        StringBuilder text = new StringBuilder();
        parts.forEach((stage, part) -> {
            double floor = floors.getOrDefault(stage, Double.NaN);
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %.3g | %.3g | %.3g = %.2f floors | %.3g = %.0f %% | %.3g = %.0f %% |%n",
                    workload,
                    stage.key(),
                    part.seconds,
                    floor,
                    part.counted(),
                    part.counted() / floor,
                    part.elements(),
                    100 * part.elements() / part.seconds,
                    part.outside(),
                    100 * part.outside() / part.seconds));
        });
        return text.toString();
    }

    /** Seconds of products and decompositions, whose flops the floor counts. */
    double counted() {
        return operations.entrySet().stream()
                .filter(operation -> TimedBackend.COUNTED.contains(operation.getKey()))
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }

    /** Seconds of the backend's other operations: copies, conversions, sums and products of elements, checks. */
    double elements() {
        return operations.values().stream().mapToDouble(Double::doubleValue).sum() - counted();
    }

    /** Seconds outside of the backend: the model's loops, files, bookkeeping. */
    double outside() {
        return seconds - counted() - elements();
    }
}
