import org.jspecify.annotations.NullMarked;

/** A matrix backend on OpenBLAS, straight through JavaCPP. */
@NullMarked
@SuppressWarnings("module") // influence-nd4j is built later
module io.github.influence4j.openblas {
    requires transitive io.github.influence4j.linalg;
    requires transitive static org.jspecify;
    requires org.bytedeco.javacpp;
    requires org.bytedeco.openblas;
    requires org.slf4j;
    requires static com.sun.jna;

    exports io.github.influence4j.openblas;
    exports io.github.influence4j.openblas.internal to
            io.github.influence4j.nd4j;

    provides io.github.influence4j.linalg.MatrixBackendProvider with
            io.github.influence4j.openblas.OpenBlasBackendProvider;
}
