package io.github.influence4j.ekfac.plan;

/**
 * What one stage will need.
 *
 * @param stage name of the stage
 * @param flops operations of the library's products and decompositions; a multiplication with an addition counts as 2, and
 *     a symmetric rank update as half a product
 * @param modelFlops operations of the model's own passes, taken as 4·t·i·o for each tracked layer and example: forward, and
 *     backward to the inputs
 * @param memory bytes at the fullest moment
 * @param diskBytes bytes of the stage's results if they are stored, in kronfluence's layout and the types they are held in
 * @param seconds estimate
 */
public record StagePlan(
        String stage, double flops, double modelFlops, MemoryUse memory, double diskBytes, double seconds) {}
