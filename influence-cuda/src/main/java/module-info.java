import org.jspecify.annotations.NullMarked;

/** A matrix backend on NVIDIA cards. */
@NullMarked
module io.github.influence4j.cuda {
    requires transitive io.github.influence4j.linalg;
    requires transitive static org.jspecify;
    requires com.sun.jna;
    requires org.slf4j;

    exports io.github.influence4j.cuda;

    opens io.github.influence4j.cuda to
            com.sun.jna;

    provides io.github.influence4j.linalg.MatrixBackendProvider with
            io.github.influence4j.cuda.CudaBackendProvider;
}
