package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.eigen.Rotation;
import io.github.influence4j.ekfac.internal.eigen.RotationCost;
import io.github.influence4j.ekfac.internal.factor.CovarianceStage;
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
                        + largest(layer -> gradients(layer, batch, rotation))
                        + largest(layer -> halfRotated(layer, batch, rotation)));
    }

    /** The buffer in which whole gradients, or scaled vectors, are formed, in bytes. */
    double gradientBytes(int batch) {
        return precision.bytes()
                * largest(layer -> layer.positions() == 1
                        ? (double) batch * Math.max(layer.inputs(), layer.outputs())
                        : (double) CovarianceStage.gradientsAtOnce(layer.spec(), batch) * layer.parameters());
    }

    private static double rotatedRows(PlannedLayer layer, int batch, Rotation rotation) {
        RotationCost cost = layer.rotation();
        if (cost.sumsPairs(rotation)) {
            return (double) cost.pairsAtOnce(batch) * layer.positions();
        }
        return cost.rotatesFirst(rotation) ? (double) cost.gradientsAtOnce(batch, rotation) * layer.positions() : 0;
    }

    /** Numbers of gradients, or of products of activations at pairs of positions. */
    private static double gradients(PlannedLayer layer, int batch, Rotation rotation) {
        RotationCost cost = layer.rotation();
        if (cost.sumsPairs(rotation)) {
            return pairRows(layer, batch) * layer.inputs();
        }
        return cost.squaresTiles(rotation) ? cost.tileNumbers(batch) : cost.numbersAtOnce(batch, rotation);
    }

    /** Numbers of gradients that are rotated on one side, or of products of output gradients at pairs of positions. */
    private static double halfRotated(PlannedLayer layer, int batch, Rotation rotation) {
        RotationCost cost = layer.rotation();
        if (cost.sumsPairs(rotation)) {
            return pairRows(layer, batch) * layer.outputs();
        }
        return layer.blocks() > 0 && !cost.rotatesFirst(rotation) ? cost.numbersAtOnce(batch, rotation) : 0;
    }

    private static double pairRows(PlannedLayer layer, int batch) {
        return (double) layer.rotation().pairsAtOnce(batch) * (layer.positions() - 1);
    }

    double largest(ToDoubleFunction<PlannedLayer> numbers) {
        return layers.stream().mapToDouble(numbers).max().orElse(0);
    }

    double sum(ToDoubleFunction<PlannedLayer> numbers) {
        return layers.stream().mapToDouble(numbers).sum();
    }
}
