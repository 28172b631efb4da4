package io.github.influence4j.ekfac.plan;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.Operand;
import java.util.SplittableRandom;

/**
 * How fast a machine is at the two things that everything is made of.
 *
 * @param productGflops rate of large matrix products in the working precision (sgemm's in float32), in 10⁹ flops a second
 * @param gigaElements elements that an elementwise product goes through, in 10⁹ a second
 */
public record MachineRate(double productGflops, double gigaElements) {

    /** Bound by memory: 12 bytes an element at 6 GB/s, a slow desktop or a share of a server. */
    private static final double USUAL_GIGA_ELEMENTS = 0.5;

    private static final int REPEATS = 4;

    /** Time over which the best repeat is looked for: Java's compiler needs it for elementwise work. */
    private static final double MEASURED_SECONDS = 0.1;

    /** Order of matrices whose elementwise product goes through main memory. */
    private static final int ELEMENTS_ORDER = 2048;

    private static final double LONG_ENOUGH_SECONDS = 0.02;

    /**
     * Checks the rates.
     *
     * @throws IllegalArgumentException if one of them is not positive
     */
    public MachineRate {
        if (!(productGflops > 0) || !(gigaElements > 0)) {
            throw new IllegalArgumentException(
                    "rates must be positive, found " + productGflops + " and " + gigaElements);
        }
    }

    /**
     * Takes the rate of products as known, and a usual one for memory.
     *
     * @param productGflops 10⁹ flops a second
     * @return the rates
     * @throws IllegalArgumentException if it is not positive
     */
    public static MachineRate of(double productGflops) {
        return new MachineRate(productGflops, USUAL_GIGA_ELEMENTS);
    }

    /**
     * Measures, in about a second on a native backend: products of growing size until one takes 20 ms, then an elementwise
     * product, each the best of at least four and of a tenth of a second.
     *
     * @param backend what to measure
     * @return the rates, in its working precision and with its threads
     */
    public static MachineRate measure(MatrixBackend backend) {
        int order = 256;
        double seconds = productSeconds(backend, order);
        while (seconds < LONG_ENOUGH_SECONDS && order < 2048) {
            order *= 2;
            seconds = productSeconds(backend, order);
        }
        return new MachineRate(
                2e-9 * order * order * order / seconds,
                1e-9 * ELEMENTS_ORDER * ELEMENTS_ORDER / elementSeconds(backend));
    }

    private static double productSeconds(MatrixBackend backend, int order) {
        try (BackendMatrix a = random(backend, order);
                BackendMatrix b = random(backend, order);
                BackendMatrix c = backend.zeros(order, order)) {
            return best(() -> backend.multiply(Operand.of(a), Operand.of(b), c));
        }
    }

    private static double elementSeconds(MatrixBackend backend) {
        try (BackendMatrix a = random(backend, ELEMENTS_ORDER);
                BackendMatrix b = random(backend, ELEMENTS_ORDER);
                BackendMatrix c = backend.zeros(ELEMENTS_ORDER, ELEMENTS_ORDER)) {
            return best(() -> backend.multiplyElements(a, b, c));
        }
    }

    private static double best(Runnable work) {
        work.run();
        double least = Double.POSITIVE_INFINITY;
        double all = 0;
        for (int k = 0; k < REPEATS || all < MEASURED_SECONDS; k++) {
            long start = System.nanoTime();
            work.run();
            double seconds = Math.max(1e-9, 1e-9 * (System.nanoTime() - start));
            least = Math.min(least, seconds);
            all += seconds;
        }
        return least;
    }

    private static BackendMatrix random(MatrixBackend backend, int order) {
        double[] numbers =
                new SplittableRandom(1).doubles((long) order * order, -1, 1).toArray();
        return backend.copyOf(Matrix.of(numbers, order, order), backend.precision());
    }
}
