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
import java.util.stream.IntStream;

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
        List<Objective> loss = List.of(new Objective.TrainingLoss());
        passes(train.size(), (first, count) -> true, (first, count, prepared) -> {
            collector.startPass(first, count);
            try (PairwisePass scores = new PairwisePass(backend, prepared, first, count, options, collector)) {
                pass.run(train, options.batchSize(), loss, "scores", progress, scores);
            }
        });
    }

    /** Scores parts of the training set one by one; the rows of what the consumer gets are those of the pass only. */
    void score(List<? extends ExampleSource<E>> parts, PartScores consumer) {
        List<Objective> loss = List.of(new Objective.TrainingLoss());
        long train = parts.stream().mapToLong(ExampleSource::size).sum();
        long[] ids = queryIds();
        passes(
                train,
                (first, count) -> IntStream.range(0, parts.size()).anyMatch(part -> consumer.wants(first, part)),
                (first, count, prepared) -> {
                    for (int part = 0; part < parts.size(); part++) {
                        if (consumer.wants(first, part)) {
                            ExampleSource<E> data = parts.get(part);
                            ScoreTable table = new ScoreTable(
                                    pass.layers(),
                                    Arrays.copyOfRange(ids, first, first + count),
                                    Math.toIntExact(data.size()),
                                    options);
                            try (PairwisePass scores = new PairwisePass(backend, prepared, 0, count, options, table)) {
                                pass.run(data, options.batchSize(), loss, "scores", progress, scores);
                            }
                            consumer.accept(first, part, table.finish(solver.provenance()));
                        }
                    }
                });
    }

    /** Says whether some queries are still to be scored. */
    private interface Wanted {
        boolean test(int first, int count);
    }

    /** Scores some queries. */
    private interface Pass {
        void score(int first, int count, PreparedQueries prepared);
    }

    private void passes(long train, Wanted wanted, Pass work) {
        int all = queryIds().length;
        int most = ScoringMemory.of(backend, options).queriesAtOnce(pass.layers(), all);
        Iterator<ExampleBatch<E>> remaining = queries.iterator();
        for (int first = 0; first < all; first += most) {
            int count = Math.min(most, all - first);
            if (!wanted.test(first, count)) {
                for (int done = 0; done < count; ) {
                    done += remaining.next().size();
                }
                continue;
            }
            try (PreparedQueries prepared = new PreparedQueries(backend, solver, count, options.rank(), train)) {
                prepare(prepared, remaining, first, count);
                work.score(first, count, prepared);
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
