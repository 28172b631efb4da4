package io.github.influence4j.safetensors;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the header of a file says, checked.
 *
 * @param metadata texts by name
 * @param tensors tensors by name in the order of their data
 * @param dataStart where the data begin in the file, in bytes
 */
record Header(Map<String, String> metadata, Map<String, Placed> tensors, long dataStart) {

    Header {
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    }

    /** A tensor, and where its data begin, in bytes from the start of the file. */
    record Placed(TensorSpec spec, long offset) {}
}
