package io.github.influence4j.ekfac.score;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.factor.CapturePass;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;

/**
 * One scoring of a training set: prepares as many queries as fit into memory, streams the training set past them, and goes
 * on with the next queries.
 *
 * @param <E> the host's type of an example
 */
final class PairwiseRun<E> {

    private final MatrixBackend backend;
    private final CapturePass<E> pass;
    private final IhvpSolver solver;
    private final ScoreOptions options;
    private final ProgressListener progress;
    private final List<ExampleBatch<E>> queries = new ArrayList<>();
    private double largestCut;

    PairwiseRun(
            MatrixBackend backend,
            CapturePass<E> pass,
            IhvpSolver solver,
            ExampleSource<E> queries,
            ScoreOptions options,
            ProgressListener progress) {
        this.backend = backend;
        this.pass = pass;
        this.solver = solver;
        this.options = options;
        this.progress = progress;
        queries.batches(options.queryBatchSize()).forEach(this.queries::add);
        if (this.queries.isEmpty()) {
            throw new IllegalArgumentException("scores: there are no queries");
        }
    }

    long[] queryIds() {
        return queries.stream()
                .flatMapToLong(batch -> Arrays.stream(batch.ids()))
                .toArray();
    }

    /** The largest ‖V − V_r‖ / ‖V‖ of any query at any layer; 0 where nothing was cut. */
    double largestCut() {
        return largestCut;
    }

    void score(ExampleSource<E> train, ScoreCollector collector) {
        int all = queryIds().length;
        int most = ScoringMemory.of(backend, options).queriesAtOnce(pass.layers(), all);
        Iterator<ExampleBatch<E>> remaining = queries.iterator();
        for (int first = 0; first < all; first += most) {
            int count = Math.min(most, all - first);
            try (PreparedQueries prepared = new PreparedQueries(backend, solver, count, options, train.size())) {
                prepare(prepared, remaining, first, count);
                collector.startPass(first, count);
                try (PairwisePass scores = new PairwisePass(backend, prepared, first, count, options, collector)) {
                    List<Objective> loss = List.of(new Objective.TrainingLoss());
                    pass.run(train, options.batchSize(), loss, "scores", progress, scores);
                }
            }
        }
    }

    private void prepare(PreparedQueries prepared, Iterator<ExampleBatch<E>> batches, int first, int count) {
        int done = 0;
        while (done < count) {
            ExampleBatch<E> batch = batches.next();
            prepared.add(pass, batch, done);
            done += batch.size();
            progress.progress("queries", first + done, first + count);
        }
        largestCut = Math.max(largestCut, prepared.largestCut());
    }
}
