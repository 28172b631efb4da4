package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.internal.eigen.RotationCost;
import io.github.influence4j.ekfac.internal.factor.BlockDiagonal;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.WorkSizes;

/** One layer with what the formulas of all stages need: i, o, t, and the sizes of its covariances' blocks. */
record PlannedLayer(LayerSpec spec, int positions, int blocks, WorkSizes sizes) {

    static PlannedLayer of(LayerSpec spec, DataShape data, FitOptions options, WorkSizes sizes) {
        int blocks = options.strategy().usesEigenbasis() ? options.blocks() : 0;
        return new PlannedLayer(spec, data.positions(spec), blocks, sizes);
    }

    int inputs() {
        return spec.gradientColumns();
    }

    int outputs() {
        return spec.outputs();
    }

    double parameters() {
        return spec.parameters();
    }

    /** Σ i_k², or 0 without a basis. */
    double activationNumbers() {
        return blocks == 0 ? 0 : BlockDiagonal.numbers(inputs(), blocks);
    }

    /** Σ o_k², or 0 without a basis. */
    double gradientNumbers() {
        return blocks == 0 ? 0 : BlockDiagonal.numbers(outputs(), blocks);
    }

    double covarianceNumbers() {
        return activationNumbers() + gradientNumbers();
    }

    /** The order of the smaller covariance's largest block: what bounds the efficiency of rotations. */
    int smallestBlock() {
        return BlockDiagonal.sizes(Math.min(inputs(), outputs()), Math.max(1, blocks))[0];
    }

    RotationCost rotation() {
        return new RotationCost(spec, positions, blocks, sizes);
    }

    /** Numbers of an example's activations and output gradients. */
    double captured() {
        return (double) positions * (inputs() + outputs());
    }
}
