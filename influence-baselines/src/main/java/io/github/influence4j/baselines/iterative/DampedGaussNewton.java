package io.github.influence4j.baselines.iterative;

import io.github.influence4j.api.CurvatureProduct;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.LayerSpec;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * The operator v ↦ (G + diag(λ))v, with G a mean over the whole data set or over one batch. Counts what it does, adds in
 * float64, and refuses products that are not finite.
 */
final class DampedGaussNewton<E> {

    private final CurvatureProduct<E> model;
    private final ExampleSource<E> data;
    private final int batchSize;
    private final List<LayerSpec> layers;
    private final double[] lambdas;
    private long products;
    private long exampleProducts;
    private double flops;

    DampedGaussNewton(CurvatureProduct<E> model, ExampleSource<E> data, int batchSize, LayerDamping damping) {
        this.model = model;
        this.data = data;
        this.batchSize = batchSize;
        this.layers = List.copyOf(model.layers());
        this.lambdas = Vectors.lambdas(layers, damping);
    }

    List<LayerSpec> layers() {
        return layers;
    }

    /** Multiplies with the mean over the data set. */
    double[][] multiply(double[]... vectors) {
        List<LayerGradients> wrapped = Vectors.wrapped(layers, vectors);
        double[][] results = damped(vectors);
        for (ExampleBatch<E> batch : data.batches(batchSize)) {
            add(batch, wrapped, 1.0 / data.size(), results);
        }
        return results;
    }

    /** Multiplies with the mean over a batch. */
    double[][] multiplyBatch(ExampleBatch<E> batch, double[]... vectors) {
        double[][] results = damped(vectors);
        add(batch, Vectors.wrapped(layers, vectors), 1.0 / batch.size(), results);
        return results;
    }

    private double[][] damped(double[][] vectors) {
        double[][] results = new double[vectors.length][lambdas.length];
        for (int j = 0; j < vectors.length; j++) {
            for (int k = 0; k < lambdas.length; k++) {
                results[j][k] = lambdas[k] * vectors[j][k];
            }
        }
        return results;
    }

    private void add(ExampleBatch<E> batch, List<LayerGradients> vectors, double factor, double[][] results) {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("interrupted after " + products + " Gauss-Newton products");
        }
        List<LayerGradients> parts = model.products(batch, vectors);
        if (parts.size() != vectors.size()) {
            throw new IllegalArgumentException(
                    "the model gave " + parts.size() + " Gauss-Newton products of " + vectors.size() + " vectors");
        }
        String what = "the Gauss-Newton product of " + batch.size() + " examples from id " + batch.ids()[0] + " on";
        double[][] flat = Vectors.flat(layers, parts, what);
        for (int j = 0; j < flat.length; j++) {
            Vectors.add(factor, flat[j], results[j]);
        }
        products += vectors.size();
        exampleProducts += (long) vectors.size() * batch.size();
        flops += model.productFlops(batch, vectors.size());
    }

    /** Counts work that was not done here. */
    void count(double moreFlops) {
        flops += moreFlops;
    }

    /** What was done since the last call. */
    SolverReport takeReport(int rightHandSides, int iterations, double largestResidual, Optional<Boolean> converged) {
        SolverReport report = new SolverReport(
                rightHandSides, iterations, products, exampleProducts, flops, largestResidual, converged);
        products = 0;
        exampleProducts = 0;
        flops = 0;
        return report;
    }
}
