package io.github.influence4j.ekfac.plan;

/**
 * What one stage will need.
 */
public final class StagePlan {

    private final String stage;
    private final double flops;
    private final double modelFlops;
    private final MemoryUse memory;
    private final double diskBytes;
    private final double seconds;

    StagePlan(String stage, double flops, double modelFlops, MemoryUse memory, double diskBytes, double seconds) {
        this.stage = stage;
        this.flops = flops;
        this.modelFlops = modelFlops;
        this.memory = memory;
        this.diskBytes = diskBytes;
        this.seconds = seconds;
    }

    /**
     * Returns the name of the stage.
     *
     * @return name of the stage
     */
    public String stage() {
        return stage;
    }

    /**
     * Returns operations of the library's products and decompositions.
     *
     * @return operations of the library's products and decompositions; a multiplication with an addition counts as 2, and a symmetric rank update as half a product
     */
    public double flops() {
        return flops;
    }

    /**
     * Returns operations of the model's own passes.
     *
     * @return operations of the model's own passes, taken as 4·t·i·o for each tracked layer and example: forward, and backward to the inputs
     */
    public double modelFlops() {
        return modelFlops;
    }

    /**
     * Returns bytes at the fullest moment.
     *
     * @return bytes at the fullest moment
     */
    public MemoryUse memory() {
        return memory;
    }

    /**
     * Returns bytes of the stage's results if they are stored.
     *
     * @return bytes of the stage's results if they are stored, in kronfluence's layout and the types they are held in
     */
    public double diskBytes() {
        return diskBytes;
    }

    /**
     * Returns the time.
     *
     * @return estimate in seconds
     */
    public double seconds() {
        return seconds;
    }

    @Override
    public String toString() {
        return "StagePlan[stage=" + stage + ", flops=" + flops + ", modelFlops=" + modelFlops + ", memory=" + memory
                + ", diskBytes=" + diskBytes + ", seconds=" + seconds + "]";
    }
}
