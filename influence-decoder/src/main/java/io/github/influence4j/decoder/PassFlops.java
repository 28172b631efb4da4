package io.github.influence4j.decoder;

import io.github.influence4j.api.LayerSpec;
import java.util.List;

/** What a pass of a decoder costs for each row of a batch, in the products that {@link DecoderPass} and its branches form. */
final class PassFlops {

    private PassFlops() {}

    /**
     * Counts a pass forward through everything, and back to the first of some layers.
     *
     * @param shape the decoder
     * @param wanted the layers that are captured
     * @param positions rows of a sequence
     * @return flops a row: 2 for each weight that the pass goes through, each way; attention 4 · positions · (heads · w)
     *     forward and 10 back
     */
    static double perRow(DecoderShape shape, List<LayerSpec> wanted, double positions) {
        TrackedLayers tracked =
                TrackedLayers.of(shape, wanted.stream().map(LayerSpec::name).toList());
        int lowest = tracked.lowestStage(shape, wanted);
        int head = 2 * shape.blocks();
        double attention = positions * shape.queryWidth();
        double blocks = 4 * attention;
        for (LinearMap map : LinearMap.values()) {
            blocks += map == LinearMap.HEAD ? 0 : forward(map, shape);
        }
        double flops = shape.blocks() * blocks + forward(LinearMap.HEAD, shape);
        if (lowest < head) {
            flops += back(LinearMap.HEAD, shape);
        }
        for (int stage = lowest; stage < head; stage++) {
            boolean attends = stage % 2 == 0;
            flops +=
                    back(attends ? LinearMap.ATTENTION_OUTPUT : LinearMap.PROJ, shape) + (attends ? 10 * attention : 0);
            if (stage > lowest) {
                flops += back(attends ? LinearMap.QUERY_KEY_VALUE : LinearMap.FC, shape);
            }
        }
        return flops;
    }

    private static double forward(LinearMap map, DecoderShape shape) {
        return 2.0 * map.columns(shape) * map.outputs(shape);
    }

    private static double back(LinearMap map, DecoderShape shape) {
        return 2.0 * map.inputs(shape) * map.outputs(shape);
    }
}
