package io.github.influence4j.lm.gguf;

import java.util.List;

/** A tensor of a GGUF file: its dimensions, outermost first, and where its data begin. */
record GgufTensor(String name, GgufType type, List<Long> shape, long offset) {

    long columns() {
        return shape.get(shape.size() - 1);
    }

    /** Bytes of a row. */
    long rowBytes() {
        return columns() / type.block() * type.bytes();
    }
}
