package io.github.influence4j.openblas.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ThreadUseTest {

    private static final double LARGE = 1 << 24;

    /** A BLAS with so many threads, which must not be told another number while calls run. */
    private static class Library implements BlasThreads {
        private final AtomicInteger threads;
        private final AtomicInteger calls = new AtomicInteger();

        Library(int threads) {
            this.threads = new AtomicInteger(threads);
        }

        @Override
        public int get() {
            return threads.get();
        }

        @Override
        public void set(int number) {
            assertEquals(0, calls.get(), "changed while calls run");
            threads.set(number);
        }

        /** A call, which must find so many threads from its begin to its end. */
        void call(int expected) {
            calls.incrementAndGet();
            for (int k = 0; k < 20; k++) {
                assertEquals(expected, threads.get());
                Thread.onSpinWait();
            }
            calls.decrementAndGet();
        }
    }

    /** A product of one thread begins at the worst moment: just before the library is asked for its number. */
    @Test
    void theNumberIsNotReadWhileAnotherThreadLimitsIt() throws InterruptedException {
        CountDownLatch limited = new CountDownLatch(1);
        CountDownLatch seen = new CountDownLatch(1);
        Thread tester = Thread.currentThread();
        ThreadUse[] use = new ThreadUse[1];
        Thread neighbour = new Thread(() -> use[0].forProduct(1, () -> await(seen, 10_000)));
        use[0] = new ThreadUse(new Library(2) {
            @Override
            public int get() {
                if (Thread.currentThread() == tester && neighbour.getState() == Thread.State.NEW) {
                    neighbour.start();
                    await(limited, 300);
                }
                return super.get();
            }

            @Override
            public void set(int number) {
                super.set(number);
                limited.countDown();
            }
        });
        assertEquals(2, use[0].threads());
        seen.countDown();
        neighbour.join();
    }

    private static void await(CountDownLatch latch, long milliseconds) {
        try {
            assertTrue(latch.await(milliseconds, TimeUnit.MILLISECONDS) || milliseconds < 1000);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What a thread does with the library, in turn. */
    enum Step {
        SMALL,
        LARGE,
        DECOMPOSITION,
        BATCH,
        PARALLEL
    }

    /** Whatever several threads do at the same time, each call finds the number of threads that its size says. */
    @Property(tries = 200)
    void everyCallFindsTheThreadsThatItsSizeSays(@ForAll("programs") @Size(min = 2, max = 4) List<List<Step>> programs)
            throws InterruptedException {
        Library library = new Library(3);
        ThreadUse use = new ThreadUse(library);
        List<Throwable> failures = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (List<Step> program : programs) {
            Thread thread = new Thread(() -> program.forEach(step -> run(use, library, step)));
            thread.setUncaughtExceptionHandler((t, e) -> {
                synchronized (failures) {
                    failures.add(e);
                }
            });
            threads.add(thread);
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(List.of(), failures);
        assertEquals(3, library.get());
        assertEquals(3, use.threads());
    }

    private static void run(ThreadUse use, Library library, Step step) {
        switch (step) {
            case SMALL -> use.forProduct(1, () -> library.call(1));
            case LARGE -> use.forProduct(LARGE, () -> library.call(3));
            case DECOMPOSITION ->
                use.forDecomposition(() -> {
                    library.call(3);
                    return 0;
                });
            case BATCH -> assertEquals(3, use.coresForBatch(100, LARGE));
            case PARALLEL -> use.inParallel(2, task -> use.forProduct(LARGE, () -> library.call(1)));
        }
    }

    @Provide
    Arbitrary<List<List<Step>>> programs() {
        return Arbitraries.of(Step.class).list().ofMaxSize(12).list();
    }
}
