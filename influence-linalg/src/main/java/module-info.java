import org.jspecify.annotations.NullMarked;

/** Dense operations behind one interface, and the backend in pure Java. */
@NullMarked
@SuppressWarnings("module") // our other modules are built later
module io.github.influence4j.linalg {
    requires transitive io.github.influence4j.api;
    requires transitive static org.jspecify;
    requires ejml.core;
    requires ejml.ddense;
    requires org.slf4j;

    exports io.github.influence4j.linalg;
    exports io.github.influence4j.linalg.ejml to
            io.github.influence4j.cuda,
            io.github.influence4j.baselines;
    exports io.github.influence4j.linalg.internal to
            io.github.influence4j.decoder;

    uses io.github.influence4j.linalg.MatrixBackendProvider;

    provides io.github.influence4j.linalg.MatrixBackendProvider with
            io.github.influence4j.linalg.ejml.EjmlBackendProvider;
}
