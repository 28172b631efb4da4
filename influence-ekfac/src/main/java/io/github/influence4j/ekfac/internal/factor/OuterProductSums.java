package io.github.influence4j.ekfac.internal.factor;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Two sums of outer products of one layer, [i, i] and [o, o], whose eigenvectors become the layer's basis; only the second where
 * another layer that reads the same input has the first.
 *
 * <p>Takes 8(i² + o²)/O bytes with O diagonal blocks of each, half as much again in float32.
 */
abstract class OuterProductSums implements AutoCloseable {

    private final LayerSpec layer;
    private final int weight;
    private final boolean ownInput;
    private final BlockSum activation;
    private final BlockSum gradient;
    private long examples;
    private long positions;

    OuterProductSums(
            MatrixBackend backend,
            LayerSpec layer,
            CovarianceStage.Options options,
            boolean ownInput,
            Scratch widened) {
        this.layer = layer;
        this.weight = options.weight();
        this.ownInput = ownInput;
        this.activation = new BlockSum(backend, layer.gradientColumns(), options, widened);
        this.gradient = new BlockSum(backend, layer.outputs(), options, widened);
    }

    /** Adds one layer of a batch that was captured for the objective of that index. */
    final void add(UploadedCapture capture, int objectiveIndex) {
        if (objectiveIndex == 0) {
            examples += capture.examples();
            positions += capture.realPositions();
        }
        addProducts(capture, objectiveIndex);
    }

    /** Tells whether activations are added up here. */
    final boolean ownInput() {
        return ownInput;
    }

    abstract void addProducts(UploadedCapture capture, int objectiveIndex);

    /** Adds the outer products of rows, [m, i], that are 2^exponent times what they stand for. */
    final void addActivations(BackendMatrix rows, int exponent) {
        activation.add(rows, exponent);
    }

    /** Adds the outer products of rows, [m, o], that are 2^exponent times what they stand for. */
    final void addGradients(BackendMatrix rows, int exponent) {
        gradient.add(rows, exponent);
    }

    final LayerSpec layer() {
        return layer;
    }

    /** Number of real positions so far. */
    final long positions() {
        return positions;
    }

    final void settle(Map<String, Matrix> kept) {
        if (ownInput) {
            activation.settle(layer.name() + "/activation", kept);
        }
        gradient.settle(layer.name() + "/gradient", kept);
        kept.put(layer.name() + "/counts", Matrix.of(new double[] {examples, positions}, 1, 2));
    }

    final void restore(Function<String, Matrix> kept) {
        if (ownInput) {
            activation.restore(layer.name() + "/activation", kept);
        }
        gradient.restore(layer.name() + "/gradient", kept);
        double[] counts = new double[2];
        kept.apply(layer.name() + "/counts").read(0, 1, counts, 0);
        examples = (long) counts[0];
        positions = (long) counts[1];
    }

    /** Hands the means over and frees the rest. Where every position was masked they are 0. */
    final LayerCovariance release() {
        Optional<BlockDiagonal> activationMean = ownInput
                ? Optional.of(activation.releaseMean(Math.max(1, activationTerms(examples, positions, weight))))
                : Optional.empty();
        try {
            return new LayerCovariance(
                    layer,
                    activationMean,
                    gradient.releaseMean(Math.max(1, gradientTerms(examples, positions, weight))),
                    positions);
        } catch (RuntimeException | Error e) {
            activationMean.ifPresent(BlockDiagonal::close);
            throw e;
        }
    }

    /** What the sum over activations is divided by. */
    abstract long activationTerms(long examples, long positions, int weight);

    /** What the sum over output gradients is divided by. */
    abstract long gradientTerms(long examples, long positions, int weight);

    @Override
    public final void close() {
        activation.close();
        gradient.close();
    }
}
