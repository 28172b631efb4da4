package io.github.influence4j.cli;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.ekfac.plan.StagePlan;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A plan in short, for a terminal of 60 columns: a line a stage, and the layers counted by their form. */
final class PlanTable {

    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

    private PlanTable() {}

    static List<String> of(Plan plan) {
        List<String> lines = new ArrayList<>();
        lines.add(line("stage", "flops", "time", "memory", "disk"));
        for (StagePlan stage : plan.stages()) {
            lines.add(line(
                    stage.stage(),
                    String.format(Locale.ROOT, "%.2g", stage.flops() + stage.modelFlops()),
                    time(stage.seconds()),
                    bytes(stage.memory().total()),
                    stage.diskBytes() == 0 ? "" : bytes(stage.diskBytes())));
        }
        lines.add(line("in all", "", time(plan.seconds()), bytes(plan.peakBytes()), bytes(plan.diskBytes())));
        Map<String, Integer> forms = new LinkedHashMap<>();
        for (var layer : plan.layers()) {
            LayerSpec spec = layer.layer();
            forms.merge(spec.outputs() + " x " + spec.gradientColumns(), 1, Integer::sum);
        }
        lines.add(counted(plan.layers().size(), "layer") + " in " + counted(plan.layerGroups(), "group") + ", "
                + counted(plan.queryPasses(), "pass") + " for the queries:");
        forms.forEach((form, count) -> lines.add("  " + count + " of " + form));
        return lines;
    }

    private static String line(String stage, String flops, String time, String memory, String disk) {
        return String.format(Locale.ROOT, "%-18s%9s%9s%11s%11s", stage, flops, time, memory, disk);
    }

    static String counted(int count, String one) {
        return count + " " + one + (count == 1 ? "" : one.endsWith("s") ? "es" : "s");
    }

    /** Two digits are more than the plan knows. */
    static String time(double seconds) {
        if (seconds < 120) {
            return String.format(Locale.ROOT, seconds < 10 ? "%.2g s" : "%.0f s", seconds);
        }
        return seconds < 7200
                ? String.format(Locale.ROOT, "%.0f min", seconds / 60)
                : String.format(Locale.ROOT, "%.1f h", seconds / 3600);
    }

    static String bytes(double bytes) {
        int unit = 0;
        double size = bytes;
        while (size >= 1024 && unit < UNITS.length - 1) {
            size /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", size, UNITS[unit]);
    }
}
