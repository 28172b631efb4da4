package io.github.influence4j.ekfac.internal.factor;

/** Two sums of outer products of one layer, [i, i] and [o, o], whose eigenvectors become the layer's basis. */
interface OuterProductSums extends AutoCloseable {

    /**
     * Adds a batch.
     *
     * @param capture one layer of the batch
     * @param objectiveIndex which of the objectives it was captured for
     */
    void add(UploadedCapture capture, int objectiveIndex);

    /**
     * Hands the means over and frees the rest.
     *
     * @throws io.github.influence4j.api.NumericalException if every position was masked
     */
    LayerCovariance release();

    /** As {@link #release}; where only a part of a data set was added, it may be one that is masked wholly. */
    default LayerCovariance releasePart() {
        return release();
    }

    @Override
    void close();
}
