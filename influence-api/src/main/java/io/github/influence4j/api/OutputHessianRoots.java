package io.github.influence4j.api;

/**
 * A model that also offers {@link Objective.OutputHessianRoot}, from which the Gauss-Newton matrix follows without
 * sampling.
 *
 * @param <E> the host's type of an example
 */
public interface OutputHessianRoots<E> extends GradientProvider<E> {

    /**
     * Returns the number of columns of the output Hessian's root, the most that any example has: outputs × positions where
     * every position has a loss of its own. Examples with fewer columns give zero gradients for the rest. Columns from this
     * number on give zero gradients too, or are refused with an {@link IllegalArgumentException}.
     *
     * @return at least 1
     */
    int outputHessianColumns();
}
