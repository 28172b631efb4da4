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
import org.bytedeco.openblas.global.openblas_full;

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

    private static final ReentrantLock LOCK = new ReentrantLock();
    private static final Condition CHANGED = LOCK.newCondition();

    /** Calls that run, all of one kind. */
    private static int running;

    /** The next call to be let in, and the next to come. */
    private static long turn;

    private static long arrivals;

    /** While calls of one thread run: how many there were before; else 0. */
    private static volatile int before;

    /** Whether this thread runs one of several tasks, and so one core's share of the work. */
    private static final ThreadLocal<Boolean> ONE_OF_SEVERAL = ThreadLocal.withInitial(() -> false);

    /** Threads of our own: one of a common pool might, while it waits, take up work that waits for this one. */
    private static final ExecutorService WORKERS = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "influence4j worker");
        thread.setDaemon(true);
        return thread;
    });

    private ThreadUse() {}

    /** Returns how many threads OpenBLAS may use for a call from this thread. */
    static int threads() {
        if (ONE_OF_SEVERAL.get()) {
            return 1;
        }
        int limited = before;
        return limited > 0 ? limited : openblas_full.openblas_get_num_threads();
    }

    /**
     * Returns among how many cores a batch of products is worth dividing. That is better than to share each product, unless
     * there are so few that some cores would have nothing left to do.
     */
    static int coresForBatch(int members, double multiplicationsOfMember) {
        int threads = threads();
        boolean divided = (multiplicationsOfMember < SHARED_MULTIPLICATIONS || members >= MEMBERS_OF_A_CORE * threads)
                && members * multiplicationsOfMember >= SHARED_MULTIPLICATIONS;
        return divided ? Math.min(members, threads) : 1;
    }

    /** Runs a product with as many OpenBLAS threads as its size is worth. */
    static void forProduct(double multiplications, Runnable product) {
        if (ONE_OF_SEVERAL.get()) {
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
    static int forDecomposition(IntSupplier call) {
        if (ONE_OF_SEVERAL.get()) {
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
    static void inParallel(int tasks, IntConsumer task) {
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

    private static void asOneOfSeveral(int index, IntConsumer task) {
        ONE_OF_SEVERAL.set(true);
        try {
            task.accept(index);
        } finally {
            ONE_OF_SEVERAL.remove();
        }
    }

    private static void enter(boolean shared) {
        LOCK.lock();
        try {
            long own = arrivals++;
            while (own != turn || running > 0 && shared == before > 0) {
                CHANGED.awaitUninterruptibly();
            }
            if (!shared && running == 0) {
                before = openblas_full.openblas_get_num_threads();
                setThreads(1);
            }
            running++;
            turn++;
            wakeOthers();
        } finally {
            LOCK.unlock();
        }
    }

    private static void leave() {
        LOCK.lock();
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
            LOCK.unlock();
        }
    }

    private static void wakeOthers() {
        if (arrivals > turn) {
            CHANGED.signalAll();
        }
    }

    private static void setThreads(int threads) {
        if (before > 1) {
            openblas_full.openblas_set_num_threads(threads);
        }
    }
}
