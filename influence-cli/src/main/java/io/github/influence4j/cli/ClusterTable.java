package io.github.influence4j.cli;

import io.github.influence4j.ekfac.plan.ClusterPlan;
import io.github.influence4j.ekfac.plan.ClusterStage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A plan for a cluster, for a terminal of 60 columns. */
final class ClusterTable {

    private ClusterTable() {}

    /** Lines of a plan whose executors hold so many bytes of a model beside the heap. */
    static List<String> of(ClusterPlan plan, double model) {
        List<String> lines = new ArrayList<>();
        lines.add(line("stage", "shuffled", "to each", "time"));
        for (ClusterStage stage : plan.stages()) {
            lines.add(line(
                    stage.stage(),
                    bytes(stage.shuffledBytes()),
                    bytes(stage.broadcastBytes()),
                    PlanTable.time(stage.seconds())));
        }
        lines.add(line("in all", "", "", PlanTable.time(plan.seconds())));
        lines.add(PlanTable.counted(plan.layerGroups(), "group") + " of layers, "
                + PlanTable.counted(plan.cluster().partitions(), "partition"));
        plan.sparkOptions(model).forEach((name, value) -> lines.add("--conf " + name + "=" + value));
        return lines;
    }

    private static String bytes(double bytes) {
        return bytes == 0 ? "" : PlanTable.bytes(bytes);
    }

    private static String line(String stage, String shuffled, String broadcast, String time) {
        return String.format(Locale.ROOT, "%-23s%12s%12s%11s", stage, shuffled, broadcast, time);
    }

    /** The plan as JSON. */
    static Map<String, Object> json(ClusterPlan plan, double model) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("executors", plan.cluster().executors());
        json.put("cores", plan.cluster().cores());
        json.put("partitions", plan.cluster().partitions());
        json.put("layer groups", plan.layerGroups());
        json.put("stages", plan.stages().stream().map(ClusterTable::json).toList());
        json.put("seconds", plan.seconds());
        json.put("driver heap bytes", plan.driverBytes());
        json.put("spark options", plan.sparkOptions(model));
        return json;
    }

    private static Map<String, Object> json(ClusterStage stage) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("stage", stage.stage());
        json.put("shuffled bytes", stage.shuffledBytes());
        json.put("broadcast bytes", stage.broadcastBytes());
        json.put("native bytes", stage.nativeBytes());
        json.put("heap bytes", stage.heapBytes());
        json.put("seconds", stage.seconds());
        return json;
    }
}
