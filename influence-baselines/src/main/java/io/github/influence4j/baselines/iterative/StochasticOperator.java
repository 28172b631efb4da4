package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.NumericalException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * G + diag(λ) from random batches, with what stochastic recursions need around it: a bound for their step size, and a
 * watch that tells when they diverge.
 */
final class StochasticOperator<E> {

    /** Batches whose largest eigenvalue is looked at, beside that of the whole data set. */
    private static final int BATCHES_FOR_SCALE = 4;

    /** Power iteration gives a lower bound, and there are more batches than were looked at. */
    private static final double MARGIN = 1.2;

    /**
     * A recursion that contracts never has a residual above 1 but for the noise of its batches, which can be as large as
     * the residual itself; one that expands passes any limit within some steps.
     */
    private static final double LARGEST_RESIDUAL = 10;

    private static final Logger LOG = LoggerFactory.getLogger(StochasticOperator.class);

    private final String method;
    private final DampedGaussNewton<E> operator;
    private final ShuffledBatches<E> batches;
    private final Preconditioner preconditioner;
    private final double leastDamping;

    StochasticOperator(
            String method,
            CurvatureProduct<E> model,
            ExampleSource<E> data,
            int batchSize,
            long seed,
            LayerDamping damping,
            Preconditioner preconditioner) {
        this.method = method;
        this.operator = new DampedGaussNewton<>(model, data, Math.max(batchSize, 256), damping);
        this.batches = new ShuffledBatches<>(data, batchSize, seed);
        this.preconditioner = preconditioner;
        this.leastDamping = damping.lambdas().values().stream()
                .mapToDouble(lambda -> lambda)
                .min()
                .orElseThrow();
    }

    /** Goes back to the first batch, so that a solution does not depend on what was solved before. */
    void restart() {
        batches.restart();
    }

    /** Passes over the batches of steps that were done before. */
    void skip(int steps) {
        for (int k = 0; k < steps; k++) {
            batches.next();
        }
    }

    /** (G_b + diag(λ))v of the next batch. */
    double[][] multiplyNextBatch(double[][] vectors) {
        return operator.multiplyBatch(batches.next(), vectors);
    }

    double[][] precondition(double[][] vectors) {
        operator.count(preconditioner.flops(vectors.length));
        return preconditioner.apply(vectors);
    }

    /** A bound of the (preconditioned) operator's eigenvalues, for the data set and for batches. */
    double eigenvalueBound() {
        PowerIteration power = PowerIteration.defaults().withTolerance(1e-2);
        int order = Vectors.parameters(operator.layers());
        List<PowerIteration.Result> results = new ArrayList<>();
        results.add(counted(power.largest(order, x -> operator.multiply(x)[0], preconditioner)));
        for (int b = 0; b < BATCHES_FOR_SCALE && !batches.isWhole(); b++) {
            ExampleBatch<E> batch = batches.next();
            results.add(counted(power.largest(order, x -> operator.multiplyBatch(batch, x)[0], preconditioner)));
        }
        double largest = PowerIteration.largest(results);
        if (!(largest > 0)) {
            throw new NumericalException(method + ": the damped curvature is 0; use a larger damping");
        }
        return MARGIN * largest;
    }

    private PowerIteration.Result counted(PowerIteration.Result result) {
        operator.count(result.iterations() * preconditioner.flops(1));
        return result;
    }

    /**
     * Refuses iterates that have grown beyond what (G+λ)⁻¹v can be: ‖x‖ ≤ ‖v‖/λ, with a factor of 2 for the noise of
     * batches.
     */
    void requireBounded(double[][] solutions, double[][] vectors, int step, String advice) {
        for (int j = 0; j < solutions.length; j++) {
            double norm = Vectors.norm(solutions[j]);
            double bound = 2 * Vectors.norm(vectors[j]) / leastDamping;
            if (!(norm <= bound) || norm == Double.POSITIVE_INFINITY) {
                throw diverged(
                        "at step " + step + " the norm of solution " + j + " is " + number(norm)
                                + ", more than a solution can have (" + number(bound) + ")",
                        advice);
            }
        }
    }

    /**
     * Measures the residuals over the whole data set and refuses solutions that are far worse than 0, whose relative
     * residual is 1.
     *
     * @return the largest relative residual
     */
    double requireSmallResidual(double[][] solutions, double[][] vectors, String advice) {
        double[][] products = operator.multiply(solutions);
        double largest = 0;
        for (int j = 0; j < vectors.length; j++) {
            double norm = Vectors.norm(vectors[j]);
            double residual = norm == 0 ? 0 : Vectors.norm(Vectors.minus(vectors[j], products[j])) / norm;
            if (!(residual <= LARGEST_RESIDUAL)) {
                throw diverged(
                        "the relative residual of solution " + j + " is " + number(residual) + ", that of 0 is 1",
                        advice);
            }
            largest = Math.max(largest, residual);
        }
        if (largest > 1) {
            LOG.warn("{}: a relative residual of {} is more than that of 0; {}", method, number(largest), advice);
        }
        return largest;
    }

    private NumericalException diverged(String what, String advice) {
        return new NumericalException(method + " diverged: " + what + "; " + advice);
    }

    static String number(double value) {
        return String.format(Locale.ROOT, "%.4g", value);
    }

    /** Without a tolerance nobody knows whether this is close enough; the residual says how close it is. */
    SolverReport takeReport(int rightHandSides, int iterations, double largestResidual) {
        return operator.takeReport(rightHandSides, iterations, largestResidual, Optional.empty());
    }

    void close() {
        preconditioner.close();
    }
}
