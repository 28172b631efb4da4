import org.jspecify.annotations.NullMarked;

/** Reference networks for tests and studies. */
@NullMarked
module io.github.influence4j.models {
    requires transitive io.github.influence4j.api;
    requires transitive io.github.influence4j.linalg;
    requires transitive static org.jspecify;
    requires io.github.influence4j.safetensors;

    exports io.github.influence4j.models;
}
