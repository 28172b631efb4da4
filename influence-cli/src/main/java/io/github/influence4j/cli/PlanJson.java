package io.github.influence4j.cli;

import io.github.influence4j.ekfac.plan.LayerPlan;
import io.github.influence4j.ekfac.plan.MemoryUse;
import io.github.influence4j.ekfac.plan.Plan;
import io.github.influence4j.ekfac.plan.StagePlan;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.LinkedHashMap;
import java.util.Map;

/** A plan as JSON. */
final class PlanJson {

    private PlanJson() {}

    static Map<String, Object> of(Plan plan, Map<String, Object> about, MatrixBackend backend) {
        Map<String, Object> json = new LinkedHashMap<>(about);
        json.put("backend", backend.description());
        json.put("layer groups", plan.layerGroups());
        json.put("query passes", plan.queryPasses());
        json.put("stages", plan.stages().stream().map(PlanJson::json).toList());
        json.put("seconds", plan.seconds());
        json.put("peak memory bytes", plan.peakBytes());
        json.put("disk bytes", plan.diskBytes());
        json.put("layers", plan.layers().stream().map(PlanJson::json).toList());
        return json;
    }

    private static Map<String, Object> json(StagePlan stage) {
        MemoryUse memory = stage.memory();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("stage", stage.stage());
        json.put("flops", stage.flops());
        json.put("model flops", stage.modelFlops());
        json.put("seconds", stage.seconds());
        json.put("disk bytes", stage.diskBytes());
        json.put("memory bytes", memory.total());
        json.put("of factors", memory.factors());
        json.put("of workspace", memory.workspace());
        json.put("of captures", memory.captures());
        json.put("of queries", memory.queries());
        json.put("of scores", memory.scores());
        return json;
    }

    private static Map<String, Object> json(LayerPlan layer) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("layer", layer.layer().name());
        json.put("out", layer.layer().outputs());
        json.put("in", layer.layer().inputs());
        json.put("bias", layer.layer().bias());
        json.put("factors", layer.factors());
        json.put("rotation", layer.rotation());
        json.put("queries", layer.queries());
        json.put("scoring", layer.scoring());
        return json;
    }
}
