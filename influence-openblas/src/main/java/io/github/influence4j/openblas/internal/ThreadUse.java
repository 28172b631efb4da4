package io.github.influence4j.openblas.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;

/**
 * Decides how many threads native code uses: one where the work is too small to share. Waking a second thread costs more
 * than it saves there, and on a busy machine it is waited for: training a network of 64-64-10 took 20 times as long.
 *
 * <p>OpenBLAS has one number of threads for the whole process, and giving it another takes memory from its threads, whether
 * they are using it or not. So it is changed only while no call runs: calls of one thread run together, calls that may share
 * run together, and the two kinds wait for each other in the order in which they came. How many threads a call gets then
 * depends on its size only, and with it how its sums are rounded.
 */
final class ThreadUse {

    /** Multiplications from which a product is shared: about 50 µs of work for one core. */
    private static final double SHARED_MULTIPLICATIONS = 1 << 21;

    /** Large products of a batch for each core, from which they are divided among the cores. */
    private static final int MEMBERS_OF_A_CORE = 4;

    /** Least mean number of rows of a core's part of a triangle: measured with two cores, from order 384. */
    private static final int ROWS_OF_A_CORE = 192;

    /** Multiplications from which a triangle is divided: some .3 ms of work for two cores. */
    private static final double DIVIDED_MULTIPLICATIONS = 1 << 25;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** Calls that run, all of one kind. */
    private int running;

    /** The next call to be let in, and the next to come. */
    private long turn;

    private long arrivals;

    /** While calls of one thread run: how many there were before; else 0. */
    private int before;

    /** Whether this thread runs one of several tasks, and so one core's share of the work. */
    private final ThreadLocal<Boolean> oneOfSeveral = ThreadLocal.withInitial(() -> false);

    /** Threads of our own: one of a common pool might, while it waits, take up work that waits for this one. */
    private static final ExecutorService WORKERS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "influence4j worker");
        thread.setDaemon(true);
        return thread;
    });

    private final BlasThreads blas;

    ThreadUse(BlasThreads blas) {
        this.blas = blas;
    }

    /** The one for the BLAS of this process. */
    static ThreadUse ofProcess() {
        return OfProcess.USE;
    }

    private static final class OfProcess {
        private static final ThreadUse USE = new ThreadUse(BlasLibrary.load());
    }

    /** Returns how many threads OpenBLAS may use for a call from this thread. */
    int threads() {
        if (oneOfSeveral.get()) {
            return 1;
        }
        // with the lock: between two looks a call of one thread may begin or end
        lock.lock();
        try {
            return before > 0 ? before : blas.get();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Returns among how many cores a batch of products is worth dividing. That is better than to share each product, unless
     * there are so few that some cores would have nothing left to do.
     */
    int coresForBatch(int members, double multiplicationsOfMember) {
        int threads = threads();
        boolean divided = (multiplicationsOfMember < SHARED_MULTIPLICATIONS || members >= MEMBERS_OF_A_CORE * threads)
                && members * multiplicationsOfMember >= SHARED_MULTIPLICATIONS;
        return divided ? Math.min(members, threads) : 1;
    }

    /** Returns among how many cores a triangle of products is divided by its rows; 1 where OpenBLAS does it as it likes. */
    int coresForTriangle(int order, double multiplications) {
        int threads = threads();
        return multiplications >= DIVIDED_MULTIPLICATIONS && order >= ROWS_OF_A_CORE * threads ? threads : 1;
    }

    /** Tells whether a second core is worth waking for so many multiplications. */
    boolean isWorthSharing(double multiplications) {
        return multiplications >= SHARED_MULTIPLICATIONS;
    }

    /** Runs products of single rows, each by one core, on all cores. */
    void forRows(int rows, IntConsumer product) {
        int cores = Math.min(rows, threads());
        if (cores == 1) {
            forProduct(0, () -> IntStream.range(0, rows).forEach(product));
            return;
        }
        inParallel(cores, core -> {
            int end = (int) ((long) rows * (core + 1) / cores);
            for (int row = (int) ((long) rows * core / cores); row < end; row++) {
                product.accept(row);
            }
        });
    }

    /** Runs a product with as many OpenBLAS threads as its size is worth. */
    void forProduct(double multiplications, Runnable product) {
        if (oneOfSeveral.get()) {
            product.run();
            return;
        }
        enter(multiplications >= SHARED_MULTIPLICATIONS);
        try {
            product.run();
        } finally {
            leave();
        }
    }

    /** Runs a call of LAPACK, which shares its own products as it likes. */
    int forDecomposition(IntSupplier call) {
        if (oneOfSeveral.get()) {
            return call.getAsInt();
        }
        enter(true);
        try {
            return call.getAsInt();
        } finally {
            leave();
        }
    }

    /** Runs tasks at the same time, each on one core with all that it calls; one task alone is not limited to a core. */
    void inParallel(int tasks, IntConsumer task) {
        if (tasks == 1 || threads() == 1) {
            for (int k = 0; k < tasks; k++) {
                task.accept(k);
            }
            return;
        }
        enter(false);
        try {
            List<CompletableFuture<Void>> others = new ArrayList<>();
            for (int k = 1; k < tasks; k++) {
                int index = k;
                others.add(CompletableFuture.runAsync(() -> asOneOfSeveral(index, task), WORKERS));
            }
            try {
                asOneOfSeveral(0, task);
            } finally {
                CompletableFuture.allOf(others.toArray(CompletableFuture[]::new))
                        .handle((none, error) -> 0)
                        .join();
            }
            others.forEach(CompletableFuture::join);
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e;
        } finally {
            leave();
        }
    }

    private void asOneOfSeveral(int index, IntConsumer task) {
        oneOfSeveral.set(true);
        try {
            task.accept(index);
        } finally {
            oneOfSeveral.remove();
        }
    }

    private void enter(boolean shared) {
        lock.lock();
        try {
            long own = arrivals++;
            while (own != turn || running > 0 && shared == before > 0) {
                changed.awaitUninterruptibly();
            }
            if (!shared && running == 0) {
                before = blas.get();
                setThreads(1);
            }
            running++;
            turn++;
            wakeOthers();
        } finally {
            lock.unlock();
        }
    }

    private void leave() {
        lock.lock();
        try {
            running--;
            if (running == 0) {
                if (before > 0) {
                    setThreads(before);
                    before = 0;
                }
                wakeOthers();
            }
        } finally {
            lock.unlock();
        }
    }

    private void wakeOthers() {
        if (arrivals > turn) {
            changed.signalAll();
        }
    }

    private void setThreads(int threads) {
        if (before > 1) {
            blas.set(threads);
        }
    }
}
