package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.ekfac.internal.factor.UploadedCapture;

/** Takes the training captures of a pass and works out the self-influence of each layer. */
interface SelfPass extends AutoCloseable {

    /** Takes one layer of one batch. */
    void add(int firstExample, UploadedCapture capture);

    @Override
    void close();
}
