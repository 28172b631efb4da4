package io.github.influence4j.ekfac.internal.fit;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.FisherObjectives;
import io.github.influence4j.ekfac.internal.factor.PassSums;
import java.util.List;
import java.util.Optional;

/**
 * The training set of a fit in parts, and what is kept after each of them. Sums are brought to float64 between parts, so they
 * depend on how the data are divided, and on nothing else.
 *
 * @param <E> the host's type of an example
 * @param parts at least one
 * @param kept keeps sums after each part; empty to keep nothing
 * @param fisher what each batch is captured for
 * @param batchSize how large batches may be
 */
record FitData<E>(
        List<? extends ExampleSource<E>> parts, Optional<KeptFit> kept, FisherObjectives fisher, BatchSize batchSize) {

    FitData {
        parts = List.copyOf(parts);
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("a training set needs a part");
        }
    }

    long size() {
        return parts.stream().mapToLong(ExampleSource::size).sum();
    }

    /** Adds up all parts that were not added up before. Progress counts parts, or the examples of an only part. */
    void addUp(String piece, String stage, CapturePass<E> pass, PassSums sums, ProgressListener progress) {
        boolean inParts = parts.size() > 1 || kept.isPresent();
        ProgressListener batches = inParts ? ProgressListener.silent() : progress;
        for (int p = restore(piece, sums); p < parts.size(); p++) {
            pass.run(parts.get(p), batchSize, fisher.objectives(), stage, batches, sums);
            if (inParts) {
                var settled = sums.settle();
                int done = p + 1;
                kept.ifPresent(keeper -> keeper.keep(piece, done, settled));
                progress.progress(stage, done, parts.size());
            }
        }
    }

    private int restore(String piece, PassSums sums) {
        Optional<KeptFit.Piece> found = kept.flatMap(keeper -> keeper.find(piece));
        if (found.isEmpty()) {
            return 0;
        }
        try (KeptFit.Piece before = found.get()) {
            sums.restore(before::matrix);
            return before.parts();
        }
    }
}
