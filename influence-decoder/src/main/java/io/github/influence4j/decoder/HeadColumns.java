package io.github.influence4j.decoder;

/**
 * Where the heads of queries, keys and values stand in a row of the attention's projections.
 *
 * @param heads heads of queries
 * @param keyHeads heads of keys and values
 * @param width numbers of a head
 * @param interleaved whether a head's query, key and value stand side by side, as in GPT-NeoX; otherwise all queries come
 *     first, then all keys
 */
record HeadColumns(int heads, int keyHeads, int width, boolean interleaved) {

    static HeadColumns of(DecoderShape shape) {
        return new HeadColumns(shape.heads(), shape.keyHeads(), shape.headWidth(), shape.naming() == Naming.GPT_NEOX);
    }

    /** The head of keys and values that a head of queries reads. */
    int keyOf(int head) {
        return head / (heads / keyHeads);
    }

    int query(int head) {
        return interleaved ? 3 * head * width : head * width;
    }

    int key(int keyHead) {
        return interleaved ? (3 * keyHead + 1) * width : (heads + keyHead) * width;
    }

    int value(int keyHead) {
        return interleaved ? (3 * keyHead + 2) * width : (heads + keyHeads + keyHead) * width;
    }
}
