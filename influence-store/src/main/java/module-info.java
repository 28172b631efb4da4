import org.jspecify.annotations.NullMarked;

/** Captures, factors and scores in files, and runs that can be taken up again. */
@NullMarked
@SuppressWarnings("module") // the index is built later
module io.github.influence4j.store {
    requires transitive io.github.influence4j.api;
    requires transitive io.github.influence4j.ekfac;
    requires transitive io.github.influence4j.linalg;
    requires transitive io.github.influence4j.safetensors;
    requires transitive static org.jspecify;
    requires de.siegmar.fastcsv;
    requires tools.jackson.core;
    requires tools.jackson.databind;

    exports io.github.influence4j.store;
    exports io.github.influence4j.store.captures;
    exports io.github.influence4j.store.factors;
    exports io.github.influence4j.store.internal to
            io.github.influence4j.index;
    exports io.github.influence4j.store.json;
    exports io.github.influence4j.store.runs;
    exports io.github.influence4j.store.scores;
}
