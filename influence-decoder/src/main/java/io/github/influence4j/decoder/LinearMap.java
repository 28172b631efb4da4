package io.github.influence4j.decoder;

/** The linear maps of a decoder, as the passes compute them. */
enum LinearMap {
    /** Query, key and value, one below the other, or head by head: see {@link Naming}. */
    QUERY_KEY_VALUE,
    ATTENTION_OUTPUT,
    /** The first of an MLP; with a gate, the gate's rows are above the others. */
    FC,
    PROJ,
    HEAD;

    /** Whether the map belongs to an attention. */
    boolean ofAttention() {
        return this == QUERY_KEY_VALUE || this == ATTENTION_OUTPUT;
    }

    /** The kind of layers that it is made of. */
    Tracked kind() {
        if (this == HEAD) {
            return Tracked.HEAD;
        }
        return ofAttention() ? Tracked.ATTENTION : Tracked.MLP;
    }

    int inputs(DecoderShape shape) {
        return switch (this) {
            case QUERY_KEY_VALUE, FC, HEAD -> shape.width();
            case ATTENTION_OUTPUT -> shape.queryWidth();
            case PROJ -> shape.hidden();
        };
    }

    boolean bias(DecoderShape shape) {
        return switch (this) {
            case QUERY_KEY_VALUE -> shape.queryKeyValueBias();
            case ATTENTION_OUTPUT -> shape.attentionOutputBias();
            case FC, PROJ -> shape.mlpBias();
            case HEAD -> false;
        };
    }

    /** Inputs, and one more for a bias. */
    int columns(DecoderShape shape) {
        return inputs(shape) + (bias(shape) ? 1 : 0);
    }

    int outputs(DecoderShape shape) {
        return switch (this) {
            case QUERY_KEY_VALUE -> shape.projectionWidth();
            case ATTENTION_OUTPUT, PROJ -> shape.width();
            case FC -> shape.fcWidth();
            case HEAD -> shape.vocabulary();
        };
    }
}
