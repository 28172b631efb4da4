import org.jspecify.annotations.NullMarked;

/** The contracts of influence4j: what a host application implements and what it gets back. */
@NullMarked
module io.github.influence4j.api {
    requires transitive static org.jspecify;

    exports io.github.influence4j.api;
}
