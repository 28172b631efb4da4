package io.github.influence4j.decoder;

import io.github.influence4j.api.Precision;

/** What a pass of a decoder holds for each row of a batch, as {@link DecoderPass} and its branches make it. */
final class PassMemory {

    private PassMemory() {}

    /**
     * Counts the matrices that grow with the rows.
     *
     * @param shape the decoder
     * @param precision the working precision, of b bytes a number
     * @return bytes: b · (blocks · (norms, inputs of maps, q k v, what was attended, hidden units before and after their
     *     activation) + what the blocks share)
     */
    static long bytesPerRow(DecoderShape shape, Precision precision) {
        long normed = (shape.parallel() ? 1L : 2L) * shape.width();
        long inputs = (long) LinearMap.QUERY_KEY_VALUE.columns(shape) + LinearMap.FC.columns(shape);
        long attention = (shape.queryKeyNorm() == DecoderShape.QueryKeyNorm.NONE ? 1L : 2L) * shape.projectionWidth()
                + LinearMap.ATTENTION_OUTPUT.columns(shape);
        long mlp = (long) shape.fcWidth() + LinearMap.PROJ.columns(shape);
        long kept = shape.blocks() * (normed + inputs + attention + mlp);
        long head = (long) shape.width() + LinearMap.HEAD.columns(shape);
        long shared =
                4L * shape.width() + shape.projectionWidth() + shape.queryWidth() + shape.fcWidth() + shape.hidden();
        return precision.bytes() * (kept + head + shared);
    }

    /** Counts all of them for a batch, with the logits, of which a block is there at a time. */
    static long bytes(DecoderShape shape, Precision precision, long rows) {
        long logits = Math.min(rows, Head.blockRows(shape.vocabulary())) * shape.vocabulary();
        return rows * bytesPerRow(shape, precision) + precision.bytes() * logits;
    }
}
