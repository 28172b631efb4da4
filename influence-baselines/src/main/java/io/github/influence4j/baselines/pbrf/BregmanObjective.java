package io.github.influence4j.baselines.pbrf;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.LayerGradients;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PerturbableModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** (1/N) Σ_i D(ŷ_i(θ), ŷ_i(θˢ)) + ε L(z, θ) + ½ Σ_ℓ λ_ℓ‖θ_ℓ − θˢ_ℓ‖² and its gradient. */
final class BregmanObjective<E> {

    private static final Objective.TrainingLoss TRAINING = new Objective.TrainingLoss();

    private final PerturbableModel<E> model;
    private final List<ExampleBatch<E>> batches = new ArrayList<>();
    private final List<double[][][]> references = new ArrayList<>();
    private final double examples;
    private final double[] lambdas;
    private final BregmanDivergence divergence;

    BregmanObjective(PerturbableModel<E> model, ExampleSource<E> data, LayerDamping damping, int batchSize) {
        this.model = model;
        this.examples = data.size();
        this.divergence = BregmanDivergence.of(model.outputLoss());
        this.lambdas = lambdas(model, damping);
        for (ExampleBatch<E> batch : data.batches(batchSize)) {
            batches.add(batch);
            references.add(model.positionOutputs(batch));
        }
    }

    private static double[] lambdas(PerturbableModel<?> model, LayerDamping damping) {
        return model.layers().stream()
                .flatMapToDouble(layer -> {
                    double lambda = damping.lambda(layer.name());
                    if (!(lambda > 0)) {
                        throw new IllegalArgumentException("layer " + layer.name()
                                + ": the proximal term needs a damping above 0, found " + lambda);
                    }
                    double[] values = new double[Math.toIntExact(layer.parameters())];
                    Arrays.fill(values, lambda);
                    return Arrays.stream(values);
                })
                .toArray();
    }

    /** The objective and its gradient at one offset. */
    record Point(double[] offset, double value, double[] gradient) {}

    /** The objective with more weight on one example. */
    ForExample with(ExampleBatch<E> example, double epsilon) {
        return new ForExample(example, epsilon);
    }

    /** The objective of one example. */
    final class ForExample {
        private final ExampleBatch<E> example;
        private final double epsilon;
        private final double startLoss;

        private ForExample(ExampleBatch<E> example, double epsilon) {
            this.example = example;
            this.epsilon = epsilon;
            this.startLoss = model.objectives(example, TRAINING)[0];
        }

        Point start() {
            try (Moved moved = at(new double[lambdas.length])) {
                return moved.point();
            }
        }

        Moved at(double[] offset) {
            return new Moved(offset, this);
        }

        /** The model at a distance along a direction from a point. */
        Moved along(Point from, double length, double[] direction) {
            double[] offset = from.offset().clone();
            for (int k = 0; k < offset.length; k++) {
                offset[k] += length * direction[k];
            }
            return at(offset);
        }
    }

    /** The model at one offset: the objective at once, its gradient, which is dearer, only where it is wanted. */
    final class Moved implements AutoCloseable {
        private final double[] offset;
        private final ForExample objective;
        private final PerturbableModel<E> model;
        private final List<double[][][]> slopes = new ArrayList<>();
        private final double value;

        private Moved(double[] offset, ForExample objective) {
            this.offset = offset;
            this.objective = objective;
            this.model =
                    BregmanObjective.this.model.at(LayerGradients.ofFlat(BregmanObjective.this.model.layers(), offset));
            try {
                this.value = evaluate();
            } catch (RuntimeException | Error e) {
                model.close();
                throw e;
            }
        }

        private double evaluate() {
            double sum = objective.epsilon * (model.objectives(objective.example, TRAINING)[0] - objective.startLoss);
            for (int k = 0; k < offset.length; k++) {
                sum += lambdas[k] * offset[k] * offset[k] / 2;
            }
            for (int b = 0; b < references.size(); b++) {
                double[][][] outputs = model.positionOutputs(batches.get(b));
                sum += bregman(outputs, references.get(b)) / examples;
                slopes.add(outputs);
            }
            return sum;
        }

        double value() {
            return value;
        }

        Point point() {
            double[] gradient = new double[offset.length];
            for (int k = 0; k < offset.length; k++) {
                gradient[k] = lambdas[k] * offset[k];
            }
            for (int b = slopes.size() - 1; b >= 0; b--) {
                add(1 / examples, model.transposedJacobianProduct(batches.get(b), slopes.get(b)), gradient);
            }
            add(objective.epsilon, TrainingGradient.of(model, objective.example), gradient);
            return new Point(offset, value, gradient);
        }

        @Override
        public void close() {
            model.close();
        }
    }

    /** Sums D over a batch and overwrites the outputs by ∂D/∂ŷ. */
    private double bregman(double[][][] outputs, double[][][] reference) {
        double sum = 0;
        for (int z = 0; z < outputs.length; z++) {
            for (int t = 0; t < outputs[z].length; t++) {
                sum += divergence.value(outputs[z][t], reference[z][t]);
                divergence.gradient(outputs[z][t].clone(), reference[z][t], outputs[z][t]);
            }
        }
        return sum;
    }

    private static void add(double factor, LayerGradients part, double[] sum) {
        double[] flat = part.toFlat();
        for (int k = 0; k < sum.length; k++) {
            sum[k] += factor * flat[k];
        }
    }
}
