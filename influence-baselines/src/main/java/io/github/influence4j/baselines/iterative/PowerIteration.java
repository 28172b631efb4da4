package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.NumericalException;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The largest eigenvalue of G + diag(λ), or of P⁻¹(G + diag(λ)) with a preconditioner P, by power iteration.
 *
 * <p>What is followed is the Rayleigh quotient xᵀAx / xᵀPx, a lower bound that grows from step to step. A step costs one
 * product over the data set.
 */
public final class PowerIteration {

    private final double tolerance;
    private final int maxIterations;
    private final long seed;

    private PowerIteration(double tolerance, int maxIterations, long seed) {
        if (!(tolerance > 0)) {
            throw new IllegalArgumentException("tolerance must be positive, found " + tolerance);
        }
        if (maxIterations < 1) {
            throw new IllegalArgumentException("power iteration needs an iteration or more, found " + maxIterations);
        }
        this.tolerance = tolerance;
        this.maxIterations = maxIterations;
        this.seed = seed;
    }

    /** Of an inner product, relative to the norms of its factors: some ten thousand roundings in float64. */
    private static final double ROUNDING = 1e-12;

    /**
     * What was found.
     *
     * @param value the last Rayleigh quotient, at most the largest eigenvalue but for rounding
     * @param iterations steps taken
     * @param converged whether the quotient stopped growing
     */
    public record Result(double value, int iterations, boolean converged) {}

    /**
     * Returns a tolerance of 1e-3 and at most 100 steps.
     *
     * @return the defaults
     */
    public static PowerIteration defaults() {
        return new PowerIteration(1e-3, 100, 1);
    }

    /**
     * Changes the tolerance.
     *
     * @param value relative change
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public PowerIteration withTolerance(double value) {
        return new PowerIteration(value, maxIterations, seed);
    }

    /**
     * Changes the most steps.
     *
     * @param value steps
     * @return new options
     * @throws IllegalArgumentException if it is not positive
     */
    public PowerIteration withMaxIterations(int value) {
        return new PowerIteration(tolerance, value, seed);
    }

    /**
     * Estimates the largest eigenvalue of G + diag(λ).
     *
     * @param <E> the host's type of an example
     * @param model multiplies with G
     * @param data the data set that G is a mean over
     * @param batchSize examples per batch
     * @param damping λ of each layer; 0 for G itself
     * @return the estimate
     * @throws IllegalArgumentException if a layer has no λ
     * @throws NumericalException if a product is not finite or the curvature not positive
     */
    public <E> Result largest(CurvatureProduct<E> model, ExampleSource<E> data, int batchSize, LayerDamping damping) {
        DampedGaussNewton<E> operator = new DampedGaussNewton<>(model, data, batchSize, damping);
        Preconditioner none = Preconditioner.of(Optional.empty(), operator.layers(), damping);
        return largest(Vectors.parameters(operator.layers()), x -> operator.multiply(x)[0], none);
    }

    /**
     * Estimates the largest eigenvalue of (P + diag(λ))⁻¹(G + diag(λ)).
     *
     * @param <E> the host's type of an example
     * @param model multiplies with G
     * @param data the data set that G is a mean over
     * @param batchSize examples per batch
     * @param damping λ of each layer
     * @param preconditioner P, of the same layers; borrowed
     * @return the estimate
     * @throws IllegalArgumentException if a layer has no λ or the preconditioner is a curvature of other layers
     * @throws NumericalException if a product is not finite or the curvature not positive
     */
    public <E> Result largest(
            CurvatureProduct<E> model,
            ExampleSource<E> data,
            int batchSize,
            LayerDamping damping,
            Curvature preconditioner) {
        DampedGaussNewton<E> operator = new DampedGaussNewton<>(model, data, batchSize, damping);
        IterativeCurvature.requireLayers("power iteration", preconditioner, operator.layers());
        try (Preconditioner inverse = Preconditioner.of(Optional.of(preconditioner), operator.layers(), damping)) {
            return largest(Vectors.parameters(operator.layers()), x -> operator.multiply(x)[0], inverse);
        }
    }

    /** x = P⁻¹w; u = Ax; the quotient is xᵀu / xᵀw, and u is the next w. */
    Result largest(int order, UnaryOperator<double[]> operator, Preconditioner preconditioner) {
        double[] w = Vectors.random(order, seed);
        double[] x = preconditioner.apply(w)[0];
        double quotient = 0;
        for (int step = 1; step <= maxIterations; step++) {
            double metric = Vectors.dot(x, w);
            if (!(metric > 0)) {
                throw new NumericalException("power iteration: the preconditioner is not positive, xᵀPx = " + metric);
            }
            double length = Math.sqrt(metric);
            x = Vectors.scaled(1 / length, x);
            double[] u = operator.apply(x);
            double before = quotient;
            quotient = Vectors.dot(x, u);
            if (quotient < -ROUNDING * Vectors.norm(x) * Vectors.norm(u)) {
                throw new NumericalException("power iteration: the curvature is not positive, xᵀGx = " + quotient);
            }
            if (quotient <= 0) {
                return new Result(0, step, true);
            }
            if (Math.abs(quotient - before) <= tolerance * quotient) {
                return new Result(quotient, step, true);
            }
            w = u;
            x = preconditioner.apply(w)[0];
        }
        return new Result(quotient, maxIterations, false);
    }

    /** The largest of several results. */
    static double largest(List<Result> results) {
        return results.stream().mapToDouble(Result::value).max().orElseThrow();
    }

    /**
     * Returns relative change of the quotient at which the iteration stops.
     *
     * @return relative change of the quotient at which the iteration stops
     */
    public double tolerance() {
        return tolerance;
    }

    /**
     * Returns most steps.
     *
     * @return most steps
     */
    public int maxIterations() {
        return maxIterations;
    }

    /**
     * Returns the seed of the first vector.
     *
     * @return seed of the first vector
     */
    public long seed() {
        return seed;
    }

    @Override
    public String toString() {
        return "PowerIteration[tolerance=" + tolerance + ", maxIterations=" + maxIterations + ", seed=" + seed + "]";
    }
}
