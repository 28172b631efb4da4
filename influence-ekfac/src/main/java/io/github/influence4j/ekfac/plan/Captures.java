package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.FitOptions.Rotation;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** What batches of some layers take: each kind of buffer is as large as the layer that needs most of it. */
record Captures(Precision precision, List<PlannedLayer> layers) {

    /** Uploaded activations and output gradients of a batch of examples, in bytes. */
    double bytes(int batch) {
        return precision.bytes()
                * ((double) batch * largest(layer -> (double) layer.positions() * layer.inputs())
                        + (double) batch * largest(layer -> (double) layer.positions() * layer.outputs()));
    }

    /** The buffers in which rotated gradients are formed, in bytes. */
    double rotationBytes(int batch, Rotation rotation) {
        return precision.bytes()
                * (largest(layer -> rotatedRows(layer, batch, rotation) * layer.inputs())
                        + largest(layer -> rotatedRows(layer, batch, rotation) * layer.outputs())
                        + largest(layer -> gradients(layer, batch) * layer.parameters())
                        + largest(layer -> halfRotated(layer, batch, rotation) * layer.parameters()));
    }

    /** The buffer in which whole gradients, or scaled vectors, are formed, in bytes. */
    double gradientBytes(int batch) {
        return precision.bytes()
                * largest(layer -> layer.positions() == 1
                        ? (double) batch * Math.max(layer.inputs(), layer.outputs())
                        : gradients(layer, batch) * layer.parameters());
    }

    private static double rotatedRows(PlannedLayer layer, int batch, Rotation rotation) {
        if (layer.positions() == 1) {
            return batch;
        }
        return layer.rotation().rotatesFirst(rotation)
                ? (double) layer.rotation().gradientsAtOnce(batch) * layer.positions()
                : 0;
    }

    private static double gradients(PlannedLayer layer, int batch) {
        return layer.positions() == 1 ? 0 : layer.rotation().gradientsAtOnce(batch);
    }

    private static double halfRotated(PlannedLayer layer, int batch, Rotation rotation) {
        boolean needed = layer.blocks() > 0 && !layer.rotation().rotatesFirst(rotation);
        return needed ? gradients(layer, batch) : 0;
    }

    double largest(ToDoubleFunction<PlannedLayer> numbers) {
        return layers.stream().mapToDouble(numbers).max().orElse(0);
    }

    double sum(ToDoubleFunction<PlannedLayer> numbers) {
        return layers.stream().mapToDouble(numbers).sum();
    }
}
