package io.github.influence4j.examples.sequences;

import io.github.influence4j.api.Checkpoints;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Trainer;
import io.github.influence4j.decoder.Decoder;
import io.github.influence4j.decoder.DecoderShape;
import io.github.influence4j.decoder.DecoderTraining;
import io.github.influence4j.decoder.DecoderTrainingOptions;
import io.github.influence4j.decoder.TokenSequence;
import io.github.influence4j.decoder.Tracked;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.EnumSet;

/**
 * Trains decoders of one form from random weights, all matrices of whose blocks are tracked; the seed determines the weights and the
 * order of the sequences.
 *
 * @param backend computes
 * @param shape form of the models
 * @param epochs times that training sees its sequences
 * @param batchSize sequences of a step
 */
record SequenceTrainer(MatrixBackend backend, DecoderShape shape, int epochs, int batchSize)
        implements Trainer<TokenSequence, Decoder> {

    /** As in the paper of SOURCE: three segments with two checkpoints each. */
    private static final int SEGMENTS = 3;

    private static final int CHECKPOINTS = 2;

    @Override
    public Decoder train(ExampleSource<TokenSequence> subset, long seed) {
        try (Decoder start = start(seed)) {
            return DecoderTraining.train(start, subset, training(subset.size(), seed))
                    .model();
        }
    }

    /** The same training with what SOURCE needs of it; the caller closes all models. */
    Checkpoints<Decoder> run(ExampleSource<TokenSequence> data, long seed, ProgressListener progress) {
        try (Decoder start = start(seed)) {
            return DecoderTraining.checkpoints(
                    start, data, training(data.size(), seed), SEGMENTS, CHECKPOINTS, progress);
        }
    }

    double weightDecay() {
        return training(2, 1).weightDecay();
    }

    private Decoder start(long seed) {
        try (Decoder made = Decoder.create(backend, shape, seed)) {
            return made.tracking(EnumSet.of(Tracked.MLP, Tracked.ATTENTION));
        }
    }

    private DecoderTrainingOptions training(long examples, long seed) {
        int steps = Math.toIntExact(epochs * ((examples - 1) / batchSize + 1));
        return DecoderTrainingOptions.defaults()
                .withBatchSize(batchSize)
                .withSteps(steps)
                .withWarmup(Math.max(1, steps / 10))
                .withSeed(seed);
    }

    /** The form and the options in words, for files of finished trainings. */
    String inWords() {
        return shape + ", " + epochs + " epochs, " + training(2, 1).withSteps(1).withWarmup(0) + ", "
                + backend.description();
    }
}
