package io.github.influence4j.benchmarks;

import io.github.influence4j.linalg.MatrixBackend;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntConsumer;

/**
 * Stands before a backend and adds up the wall time of each of its operations, of calls by the thread that made it. Operations that
 * another one calls count as part of that.
 *
 * <p>The time of tasks in parallel is divided among the operations that they call, by the time of these. What is left counts as the
 * operation {@code inParallel}; where the tasks multiply or decompose too it is a host's own work and does not count.
 */
final class TimedBackend implements InvocationHandler {

    /** Operations whose flops a plan counts. */
    static final Set<String> COUNTED = Set.of(
            "multiply", "multiplyBatch", "rankUpdate", "eigen", "svd", "orthonormalise", "cholesky", "choleskySolve");

    private static final String TASKS = "inParallel";

    private final MatrixBackend inner;
    private final Thread owner = Thread.currentThread();
    private final Map<String, Double> seconds = new TreeMap<>();
    /** Of operations that tasks call, and of the tasks themselves, summed over threads; filled while tasks run. */
    private final Map<String, Long> nanosInTasks = new ConcurrentHashMap<>();

    private final ThreadLocal<Boolean> inOperation = ThreadLocal.withInitial(() -> false);
    private volatile boolean tasksRun;
    private int depth;

    private TimedBackend(MatrixBackend inner) {
        this.inner = inner;
    }

    static TimedBackend of(MatrixBackend inner) {
        return new TimedBackend(inner);
    }

    /** The backend to compute with; it need not be closed. */
    MatrixBackend backend() {
        return (MatrixBackend) Proxy.newProxyInstance(
                MatrixBackend.class.getClassLoader(), new Class<?>[] {MatrixBackend.class}, this);
    }

    /** Seconds of each operation since the last call of this. */
    Map<String, Double> take() {
        Map<String, Double> taken = new TreeMap<>(seconds);
        seconds.clear();
        return taken;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        String name = method.getName();
        if (name.equals("close")) {
            return Void.TYPE;
        }
        if (tasksRun) {
            return inTasks(name, method, arguments);
        }
        if (Thread.currentThread() != owner || depth > 0) {
            return called(method, arguments);
        }
        depth++;
        long start = System.nanoTime();
        try {
            return name.equals(TASKS) ? tasks(method, arguments) : called(method, arguments);
        } finally {
            double taken = (System.nanoTime() - start) / 1e9;
            depth--;
            if (name.equals(TASKS)) {
                divide(taken);
            } else {
                seconds.merge(name, taken, Double::sum);
            }
        }
    }

    private Object tasks(Method method, Object[] arguments) throws Throwable {
        IntConsumer task = (IntConsumer) arguments[1];
        IntConsumer timed = index -> {
            long start = System.nanoTime();
            try {
                task.accept(index);
            } finally {
                nanosInTasks.merge(TASKS, System.nanoTime() - start, Long::sum);
            }
        };
        tasksRun = true;
        try {
            return called(method, new Object[] {arguments[0], timed});
        } finally {
            tasksRun = false;
        }
    }

    private Object inTasks(String name, Method method, Object[] arguments) throws Throwable {
        if (inOperation.get()) {
            return called(method, arguments);
        }
        inOperation.set(true);
        long start = System.nanoTime();
        try {
            return called(method, arguments);
        } finally {
            inOperation.set(false);
            nanosInTasks.merge(name, System.nanoTime() - start, Long::sum);
        }
    }

    /** Divides the wall time of tasks by what they called. */
    private void divide(double taken) {
        double whole = nanosInTasks.getOrDefault(TASKS, 0L);
        nanosInTasks.remove(TASKS);
        boolean counted = nanosInTasks.keySet().stream().anyMatch(COUNTED::contains);
        double left = taken;
        for (Map.Entry<String, Long> operation : nanosInTasks.entrySet()) {
            double part = taken * operation.getValue() / whole;
            seconds.merge(operation.getKey(), part, Double::sum);
            left -= part;
        }
        if (!counted) {
            seconds.merge(TASKS, left, Double::sum);
        }
        nanosInTasks.clear();
    }

    private Object called(Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(inner, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
