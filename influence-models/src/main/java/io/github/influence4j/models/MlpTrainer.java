package io.github.influence4j.models;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Trainer;
import io.github.influence4j.linalg.MatrixBackend;

/**
 * Trains networks of one form from random weights; the seed determines the weights and the order of the examples.
 *
 * @param backend computes
 * @param shape form of the networks
 * @param options how to train; their seed is replaced
 */
public record MlpTrainer(MatrixBackend backend, MlpShape shape, TrainingOptions options)
        implements Trainer<LabelledExample, Mlp> {

    @Override
    public Mlp train(ExampleSource<LabelledExample> subset, long seed) {
        try (Mlp start = Mlp.create(backend, shape, seed)) {
            return MlpTraining.train(start, subset, options.withSeed(seed)).model();
        }
    }
}
