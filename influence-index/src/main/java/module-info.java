import org.jspecify.annotations.NullMarked;

/** An index of whitened gradients, which answers questions without another pass over the training set. */
@NullMarked
module io.github.influence4j.index {
    requires transitive io.github.influence4j.api;
    requires transitive io.github.influence4j.ekfac;
    requires transitive io.github.influence4j.linalg;
    requires transitive io.github.influence4j.safetensors;
    requires transitive io.github.influence4j.store;
    requires transitive static org.jspecify;
    requires commons.math3;

    exports io.github.influence4j.index;
}
