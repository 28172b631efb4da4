package io.github.influence4j.linalg.nd4j;

import org.bytedeco.openblas.global.openblas_full;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * Decides how many threads native code uses: one where the work is too small to share. Waking a second thread costs more
 * than it saves there, and on a busy machine it is waited for: training a network of 64-64-10 took 20 times as long.
 */
final class ThreadUse {

    /** Multiplications from which a product is shared: about 50 µs of work for one core. */
    private static final double SHARED_MULTIPLICATIONS = 1 << 21;

    /** Elements from which ND4J shares an elementwise operation; its own limit is about a thousand. */
    private static final int SHARED_ELEMENTS = 1 << 18;

    private ThreadUse() {}

    /** Sets ND4J's limit, for the whole JVM. */
    static void limitElementwise() {
        NativeOpsHolder.getInstance().getDeviceNativeOps().setElementThreshold(SHARED_ELEMENTS);
    }

    /** Returns how many threads OpenBLAS may use. */
    static int threads() {
        return openblas_full.openblas_get_num_threads();
    }

    /** Runs a product with as many OpenBLAS threads as its size is worth. */
    static void forProduct(double multiplications, Runnable product) {
        int threads = threads();
        if (threads == 1 || multiplications >= SHARED_MULTIPLICATIONS) {
            product.run();
            return;
        }
        openblas_full.openblas_set_num_threads(1);
        try {
            product.run();
        } finally {
            openblas_full.openblas_set_num_threads(threads);
        }
    }
}
