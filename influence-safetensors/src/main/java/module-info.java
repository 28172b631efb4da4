import org.jspecify.annotations.NullMarked;

/** Safetensors files, read piece by piece as untrusted input and written atomically. */
@NullMarked
module io.github.influence4j.safetensors {
    requires transitive io.github.influence4j.api;
    requires transitive static org.jspecify;
    requires tools.jackson.core;

    exports io.github.influence4j.safetensors;
}
