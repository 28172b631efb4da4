package io.github.influence4j.examples.sequences;

import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.retraining.Removal;
import io.github.influence4j.baselines.retraining.RemovalCurves;
import io.github.influence4j.baselines.retraining.RemovalOptions;
import io.github.influence4j.baselines.retraining.RetrainedObjectives;
import io.github.influence4j.baselines.retraining.Retraining;
import io.github.influence4j.baselines.retraining.RetrainingOptions;
import io.github.influence4j.baselines.retraining.TrainingSubsets;
import io.github.influence4j.examples.corpus.Kind;
import io.github.influence4j.examples.stages.Stages;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Trains decoders on random halves of a small corpus and without what methods name, and asks how well each estimator foretold both.
 *
 * <p>Everything in float32. What is finished is kept in files; a run that was ended goes on where it was.
 */
public final class SequenceStudy {

    private static final double HALF = 0.5;
    private static final long SUBSET_SEED = 11;

    /** Of the models that are trained again; those that are explained have the seeds 1, 2, …. */
    private static final long FIRST_RETRAINING_SEED = 1_001;

    /** What has a removal curve, one network's. */
    private static final List<String> REMOVED_BY = List.of(
            SequenceEstimators.EKFAC,
            SequenceEstimators.KFAC,
            SequenceEstimators.DOT,
            SequenceEstimators.ASTRA,
            SequenceEstimators.SOURCE,
            SequenceEstimators.SIGNS + "0.25 %",
            SequenceEstimators.BM25);

    private final SequenceOptions options;
    private final Path out;
    private final Stages stages;
    private final SequenceBed bed;
    private final ProgressListener progress;

    /** What the folder depends on: what is trained on how much, and what is asked, not how often. */
    private record Study(SequenceOptions options) {
        Study {
            options = options.withTrainings(1, 1).withRemoved(List.of(), 1);
        }
    }

    /**
     * Prepares the study.
     *
     * @param options how large it is
     * @param out folder of what is finished
     * @param progress is told of steps
     * @throws IllegalArgumentException if the folder holds another study
     */
    public SequenceStudy(SequenceOptions options, Path out, ProgressListener progress) {
        this.options = options;
        this.out = out;
        this.stages = new Stages(out, new Study(options));
        this.bed = new SequenceBed(options);
        this.progress = progress;
    }

    /**
     * Runs what has not been run yet.
     *
     * @param seeds networks that are explained
     * @return what was found
     * @throws IOException if files cannot be read or written
     */
    public SequenceResult run(int seeds) throws IOException {
        try (MatrixBackend backend = MatrixBackends.select(Precision.FLOAT32)) {
            SequenceTrainer trainer = new SequenceTrainer(backend, bed.shape(), options.epochs(), options.batchSize());
            long start = System.nanoTime();
            RetrainedObjectives halves = halves(trainer);
            double trainingSeconds = (System.nanoTime() - start) / 1e9;
            Map<String, double[]> scores = new LinkedHashMap<>();
            Map<String, double[]> seconds = new LinkedHashMap<>();
            Map<String, List<long[]>> rankings = new LinkedHashMap<>();
            for (long seed = 1; seed <= seeds; seed++) {
                try (SequenceEstimators estimators =
                        new SequenceEstimators(bed, trainer, seed, out, stages, progress)) {
                    Map<String, SequenceEstimators.Scored> found = estimators.all();
                    for (Map.Entry<String, SequenceEstimators.Scored> one : found.entrySet()) {
                        var influences = bed.scores(one.getValue().scores());
                        double[] lds = halves.linearDatamodellingScores(influences);
                        double[] sum = scores.computeIfAbsent(one.getKey(), key -> new double[lds.length]);
                        for (int q = 0; q < lds.length; q++) {
                            sum[q] += lds[q] / seeds;
                        }
                        double[] took = seconds.computeIfAbsent(one.getKey(), key -> new double[2]);
                        took[0] += one.getValue().fitSeconds() / seeds;
                        took[1] += one.getValue().querySeconds() / seeds;
                        if (seed == 1
                                && REMOVED_BY.contains(one.getKey())
                                && !options.removed().isEmpty()) {
                            rankings.put(one.getKey(), Removal.ranked(influences, Collections.max(options.removed())));
                        }
                    }
                }
            }
            List<Kind> kinds = bed.kinds();
            return new SequenceResult(kinds, halves, trainingSeconds, scores, seconds, curves(trainer, rankings));
        }
    }

    private RetrainedObjectives halves(SequenceTrainer trainer) throws IOException {
        TrainingSubsets subsets = TrainingSubsets.random(bed.train().ids(), options.halves(), HALF, SUBSET_SEED);
        return new Retraining<>(
                        trainer,
                        RetrainingOptions.of(options.repeats())
                                .withFirstSeed(FIRST_RETRAINING_SEED)
                                .withProgressFile(
                                        out.resolve("halves-" + options.halves() + ".tsv"), trainer.inWords()))
                .run(bed.train(), bed.questions(), subsets, progress);
    }

    private Optional<RemovalCurves> curves(SequenceTrainer trainer, Map<String, List<long[]>> rankings)
            throws IOException {
        if (options.removed().isEmpty()) {
            return Optional.empty();
        }
        RemovalOptions removal = RemovalOptions.of(options.removed())
                .withTogether(options.together())
                .withRepeats(options.repeats(), FIRST_RETRAINING_SEED)
                .withFolder(out.resolve("removal"), trainer.inWords());
        return Optional.of(new Removal<>(trainer, removal).run(bed.train(), bed.questions(), rankings, progress));
    }
}
