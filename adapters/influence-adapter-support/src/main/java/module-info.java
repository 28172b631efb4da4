import org.jspecify.annotations.NullMarked;

/** What adapters are made of: patches of convolutions, gradients at the outputs, coverage; and the last layer of any model. */
@NullMarked
module io.github.influence4j.adapter {
    requires transitive io.github.influence4j.api;
    requires transitive static org.jspecify;

    exports io.github.influence4j.adapter;
}
