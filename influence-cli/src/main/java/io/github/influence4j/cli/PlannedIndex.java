package io.github.influence4j.cli;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.index.ExpectedQuality;
import io.github.influence4j.index.IndexOptions;
import io.github.influence4j.index.IndexPlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code plan} says of an index: size, time of its build, and the quality that was measured at its size. */
final class PlannedIndex {

    @Option(
            names = "--index-percent",
            paramLabel = "P",
            description = "plans an index too, with signs of this size: percent of a gradient in float32, at most 3.1")
    private @Nullable Double signs;

    @Option(
            names = "--index-coordinates-percent",
            paramLabel = "P",
            description = "the same with coordinates of this size, at most 12.5")
    private @Nullable Double coordinates;

    boolean isGiven() {
        return signs != null || coordinates != null;
    }

    /** What is said of the plan of an index with so many sections. */
    record Said(IndexPlan plan, int sections, long examples, double seconds) {

        List<String> lines() {
            List<String> lines = new ArrayList<>();
            lines.add(String.format(
                    Locale.ROOT,
                    "index: %,d bytes a sequence (%.2g %%), %s for all in one shard, about %s to build",
                    plan.bytesPerExample(),
                    plan.percent(),
                    PlanTable.bytes(plan.shardBytes(examples)),
                    PlanTable.time(seconds)));
            plan.expectedOfSigns().ifPresent(quality -> lines.add(line("signs", quality)));
            plan.expectedOfCoordinates().ifPresent(quality -> lines.add(line("coordinates", quality)));
            if (lines.size() < 1 + sections) {
                lines.add("  other sizes were not measured; influence index audit says what an index has");
            }
            return lines;
        }

        private static String line(String section, ExpectedQuality quality) {
            return String.format(
                    Locale.ROOT,
                    "  such %s, where measured: %.0f %% of the ten best, rank correlation %.2f",
                    section,
                    100 * quality.recall(),
                    quality.spearman());
        }

        Map<String, Object> json() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("bytes a sequence", plan.bytesPerExample());
            json.put("bytes in one shard", plan.shardBytes(examples));
            json.put("seconds", seconds);
            plan.expectedOfSigns().ifPresent(quality -> json.put("signs", json(quality)));
            plan.expectedOfCoordinates().ifPresent(quality -> json.put("coordinates", json(quality)));
            return json;
        }

        private static Map<String, Object> json(ExpectedQuality quality) {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("recall of the ten best", quality.recall());
            json.put("rank correlation", quality.spearman());
            return json;
        }
    }

    /** Empty if no index is asked for. */
    Optional<Said> of(Plan plan, List<LayerSpec> layers, long examples, Output output) {
        if (!isGiven()) {
            return Optional.empty();
        }
        IndexOptions options = output.fromCommandLine(() -> {
            IndexOptions size = IndexOptions.defaults();
            size = signs == null ? size : size.withPercent(signs);
            size = coordinates == null ? size : size.withCoordinatesPercent(coordinates);
            return signs == null ? size.withoutSigns() : size;
        });
        IndexPlan index = IndexPlan.of(layers, options);
        int cores = Runtime.getRuntime().availableProcessors();
        int sections = signs == null || coordinates == null ? 1 : 2;
        return Optional.of(new Said(index, sections, examples, index.seconds(plan, examples, cores)));
    }
}
