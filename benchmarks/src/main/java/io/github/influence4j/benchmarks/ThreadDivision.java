package io.github.influence4j.benchmarks;

import io.github.influence4j.api.Precision;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas_full;

/**
 * Who should divide a batch of small products D_zᵀ A_z, of [t, o] and [t, i], between two cores: OpenBLAS within each product, or
 * Java over the batch with one OpenBLAS thread in each product. ({@code cblas_sgemm_batch}, the third way, ends the process in
 * OpenBLAS 0.3.31 with these kernels.)
 */
public final class ThreadDivision {

    private static final int RUNS = 7;
    private static final int THREADS = 2;
    private static final double FLOPS_OF_A_RUN = 4e9;

    /** Most numbers of all operands and results: larger than the caches, as a batch of captures is. */
    private static final int MOST_NUMBERS = 1 << 25;

    private record Shape(int inputs, int outputs, int positions) {}

    private final Shape shape;
    private final int members;
    private final FloatPointer a;
    private final FloatPointer d;
    private final FloatPointer g;

    private ThreadDivision(Shape shape) {
        this.shape = shape;
        int perMember = shape.positions() * (shape.inputs() + shape.outputs()) + shape.inputs() * shape.outputs();
        double flops = 2.0 * shape.inputs() * shape.outputs() * shape.positions();
        this.members = (int) Math.max(2, Math.min(MOST_NUMBERS / perMember, FLOPS_OF_A_RUN / flops));
        this.a = random(members * shape.positions() * shape.inputs());
        this.d = random(members * shape.positions() * shape.outputs());
        this.g = random(members * shape.inputs() * shape.outputs());
    }

    private static FloatPointer random(int count) {
        float[] numbers = new float[count];
        SplittableRandom random = new SplittableRandom(3);
        for (int k = 0; k < count; k++) {
            numbers[k] = (float) random.nextDouble(-1, 1);
        }
        FloatPointer result = new FloatPointer(count);
        result.put(numbers);
        return result;
    }

    /**
     * Measures and prints a Markdown table.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            System.out.println(backend.description());
            System.out.printf(Locale.ROOT, "sgemm of order 2048: %.0f GFLOP/s%n%n", Sgemm.gflops(backend));
            System.out.println("| i x o, t | members | one thread | OpenBLAS within | Java over the batch |");
            System.out.println("|---|---|---|---|---|");
            for (int size : new int[] {32, 64, 128, 256, 512, 1024}) {
                for (int positions : new int[] {8, 64, 256}) {
                    new ThreadDivision(new Shape(size, size, positions)).print();
                }
            }
            for (int outputs : new int[] {64, 128, 256, 512, 1024}) {
                new ThreadDivision(new Shape(257, outputs, 128)).print();
            }
            new ThreadDivision(new Shape(768, 3072, 128)).print();
            new ThreadDivision(new Shape(768, 3072, 1024)).print();
        }
    }

    private void print() {
        double one = gflops(1, this::inTurn);
        double within = gflops(THREADS, this::inTurn);
        double java = gflops(1, () -> IntStream.range(0, THREADS).parallel().forEach(this::share));
        System.out.printf(
                Locale.ROOT,
                "| %d x %d, %d | %d | %.0f | %.0f | %.0f |%n",
                shape.inputs(),
                shape.outputs(),
                shape.positions(),
                members,
                one,
                within,
                java);
        List.of(a, d, g).forEach(FloatPointer::close);
    }

    private double gflops(int blasThreads, Runnable batch) {
        openblas_full.openblas_set_num_threads(blasThreads);
        double[] seconds = new double[RUNS];
        for (int k = -2; k < RUNS; k++) {
            long start = System.nanoTime();
            batch.run();
            if (k >= 0) {
                seconds[k] = (System.nanoTime() - start) / 1e9;
            }
        }
        double flops = 2.0 * shape.inputs() * shape.outputs() * shape.positions() * members;
        openblas_full.openblas_set_num_threads(THREADS);
        return 1e-9 * flops / Sgemm.median(seconds);
    }

    private void inTurn() {
        for (int z = 0; z < members; z++) {
            multiply(z);
        }
    }

    private void share(int thread) {
        int first = members * thread / THREADS;
        int end = members * (thread + 1) / THREADS;
        for (int z = first; z < end; z++) {
            multiply(z);
        }
    }

    private void multiply(int member) {
        openblas_full.cblas_sgemm(
                openblas_full.CblasRowMajor,
                openblas_full.CblasTrans,
                openblas_full.CblasNoTrans,
                shape.outputs(),
                shape.inputs(),
                shape.positions(),
                1,
                outputGradients(member),
                shape.outputs(),
                activations(member),
                shape.inputs(),
                0,
                gradients(member),
                shape.inputs());
    }

    private FloatPointer activations(int member) {
        return a.getPointer((long) member * shape.positions() * shape.inputs());
    }

    private FloatPointer outputGradients(int member) {
        return d.getPointer((long) member * shape.positions() * shape.outputs());
    }

    private FloatPointer gradients(int member) {
        return g.getPointer((long) member * shape.inputs() * shape.outputs());
    }
}
