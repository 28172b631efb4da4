package io.github.influence4j.benchmarks;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.ekfac.plan.DataShape;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Bytes that the stages of EK-FAC must move to or from memory, whatever the program: the data and the weights are read once in
 * each pass, covariances, eigenvectors and eigenvalues are written by the stage that makes them and read by those that use them,
 * and scores are written.
 *
 * <p>It is a lower bound. Captures that a pass of the model makes, gradients, preconditioned queries and weights that are read
 * again for a second batch are not counted, because a program could work on pieces that stay in a cache.
 *
 * @param example of what is read for one example: inputs and targets, or captures where these are the data
 * @param weights of the model
 * @param covariances of both covariances of all layers; an input that several layers read counts once
 * @param bases of their eigenvectors and eigenvalues
 * @param lambdas of the corrected eigenvalues, [o, i] a layer
 * @param score of one score
 */
record LeastBytes(double example, double weights, double covariances, double bases, double lambdas, double score) {

    /** Of a model's layers, the data and weights as given, factors and scores in a type of so many bytes. */
    static LeastBytes of(
            List<LayerSpec> layers, List<List<String>> sharedInputs, double example, double weights, int number) {
        Set<String> borrowing =
                sharedInputs.stream().flatMap(names -> names.stream().skip(1)).collect(Collectors.toSet());
        double squares = 0;
        double values = 0;
        double lambdas = 0;
        for (LayerSpec layer : layers) {
            double inputs = borrowing.contains(layer.name()) ? 0 : layer.gradientColumns();
            double outputs = layer.outputs();
            squares += inputs * inputs + outputs * outputs;
            values += inputs + outputs;
            lambdas += layer.parameters();
        }
        return new LeastBytes(
                example, weights, number * squares, number * (squares + values), number * lambdas, number);
    }

    /** Of a workload's model, in float32. */
    static LeastBytes of(Workload workload) {
        List<LayerSpec> layers = workload.layers();
        int targets = workload.loss().targetWidth(workload.outputs());
        double example = (double) Float.BYTES * workload.positions() * (workload.inputs() + targets);
        double weights = layers.stream()
                .mapToDouble(layer -> Float.BYTES * (layer.inputs() + 1.0) * layer.outputs())
                .sum();
        return of(layers, List.of(), example, weights, Float.BYTES);
    }

    /** Of captures that lie in memory: no model runs, and they are what is read. */
    static LeastBytes ofCaptures(List<LayerSpec> layers, DataShape data, int number) {
        double example = layers.stream()
                .mapToDouble(layer -> (double) number * data.positions(layer) * (layer.inputs() + layer.outputs()))
                .sum();
        return of(layers, List.of(), example, 0, number);
    }

    /** By the planner's names of stages. */
    Map<String, Double> stages(DataShape data) {
        double pass = data.examples() * example + weights;
        return Map.of(
                Floors.COVARIANCES, pass + covariances,
                Floors.EIGENDECOMPOSITION, covariances + bases,
                Floors.EIGENVALUES, pass + bases + lambdas,
                Floors.QUERIES, data.queries() * example + weights + bases + lambdas,
                Floors.SCORING, pass + score * data.queries() * data.examples(),
                Floors.SELF, pass + bases + lambdas + score * data.examples());
    }
}
