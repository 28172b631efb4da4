package io.github.influence4j.spark;

import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.io.Serializable;

/**
 * Opens a model in the JVMs that compute. The factory is sent to them, the model never is.
 *
 * <p>A model is opened when the first task of a JVM needs it and stays open for the next ones. Tasks that run in one JVM at the same
 * time get one model each, unless {@link #sharedByTasks} says that they can share one: so with {@code spark.task.cpus} equal to
 * {@code spark.executor.cores} there is one.
 *
 * @param <E> the host's type of an example
 */
@FunctionalInterface
public interface ProviderFactory<E> extends Serializable {

    /**
     * Opens the model, at the same weights in every JVM.
     *
     * @param backend computes; stays open as long as the JVM
     * @return the model; one that is {@link AutoCloseable} is closed when another takes its place
     * @throws IOException if its files cannot be read
     */
    GradientProvider<E> open(MatrixBackend backend) throws IOException;

    /**
     * Says whether tasks of one JVM may use the model at the same time.
     *
     * @return false unless overridden
     */
    default boolean sharedByTasks() {
        return false;
    }
}
