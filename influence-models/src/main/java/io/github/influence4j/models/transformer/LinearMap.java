package io.github.influence4j.models.transformer;

import java.util.List;

/** The linear maps of a transformer, as the passes compute them. */
enum LinearMap {
    /** Query, key and value, one below the other. */
    QUERY_KEY_VALUE,
    ATTENTION_OUTPUT,
    FC,
    PROJ,
    HEAD;

    /** The parts of {@link #QUERY_KEY_VALUE}. */
    static final List<String> PROJECTIONS = List.of("query", "key", "value");
}
