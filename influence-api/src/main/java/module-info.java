import org.jspecify.annotations.NullMarked;

/** The contracts of influence4j: what a host application implements and what it gets back. */
@NullMarked
@SuppressWarnings("module") // the modules that internals are exported to are built later
module io.github.influence4j.api {
    requires transitive static org.jspecify;

    exports io.github.influence4j.api;
    exports io.github.influence4j.api.internal to
            io.github.influence4j.ekfac,
            io.github.influence4j.index,
            io.github.influence4j.safetensors,
            io.github.influence4j.store;
}
