package io.github.influence4j.benchmarks;

import io.github.influence4j.linalg.MatrixBackend;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Stands before a backend and adds up the wall time of each of its operations, of calls by the thread that made it. Operations that
 * another one calls count as part of that; tasks in parallel count as the operation {@code inParallel}, or, where they decompose or
 * multiply, as that.
 */
final class TimedBackend implements InvocationHandler {

    /** Operations whose flops a plan counts. */
    static final Set<String> COUNTED = Set.of(
            "multiply", "multiplyBatch", "rankUpdate", "eigen", "svd", "orthonormalise", "cholesky", "choleskySolve");

    private static final String TASKS = "inParallel";

    private final MatrixBackend inner;
    private final Thread owner = Thread.currentThread();
    private final Map<String, Double> seconds = new TreeMap<>();
    private volatile String countedInTasks = "";
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
        if (COUNTED.contains(name)) {
            countedInTasks = name;
        }
        if (Thread.currentThread() != owner || depth > 0) {
            return called(method, arguments);
        }
        countedInTasks = name;
        depth++;
        long start = System.nanoTime();
        try {
            return called(method, arguments);
        } finally {
            double taken = (System.nanoTime() - start) / 1e9;
            depth--;
            seconds.merge(name.equals(TASKS) ? countedInTasks : name, taken, Double::sum);
        }
    }

    private Object called(Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(inner, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
