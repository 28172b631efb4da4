package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.SourceCheck;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.DeviceMemoryException;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
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
    private long examples;

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
        if (queries.size() == 0) {
            throw new IllegalArgumentException("scores: there are no queries");
        }
        new SourceCheck<>(queries, options.queryBatchSize(), "queries").forEachRemaining(this.queries::add);
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

    /** N of the training set that was scored last. */
    long examples() {
        return examples;
    }

    void score(ExampleSource<E> train, ScoreCollector collector) {
        examples = train.size();
        for (Pass<E> queryPass : passes()) {
            try (PreparedQueries prepared = prepared(queryPass)) {
                prepare(prepared, queryPass);
                collector.startPass(queryPass.first(), queryPass.count());
                score(train, prepared, queryPass.first(), queryPass.count(), collector);
            }
        }
    }

    /** Scores parts of the training set one by one, each for the queries of one pass. */
    void score(
            List<? extends ExampleSource<E>> parts, KeptScores kept, Function<PairwiseRun<E>, Provenance> provenance) {
        examples = parts.stream().mapToLong(ExampleSource::size).sum();
        for (Pass<E> queryPass : passes()) {
            int first = queryPass.first();
            if (IntStream.range(0, parts.size()).allMatch(part -> kept.has(first, part))) {
                continue;
            }
            try (PreparedQueries prepared = prepared(queryPass)) {
                Optional<Map<String, Matrix>> before = kept.queries(first);
                if (before.isPresent()) {
                    prepared.restore(before.get());
                    largestCut = Math.max(largestCut, prepared.largestCut());
                } else {
                    prepare(prepared, queryPass);
                    kept.keepQueries(first, prepared.tensors());
                }
                for (int part = 0; part < parts.size(); part++) {
                    if (!kept.has(first, part)) {
                        ScoreTable table = table(queryPass, parts.get(part));
                        score(parts.get(part), prepared, 0, queryPass.count(), table);
                        kept.keep(first, part, table.finish(provenance.apply(this)));
                    }
                }
            }
        }
    }

    private ScoreTable table(Pass<E> queryPass, ExampleSource<E> part) {
        return new ScoreTable(
                pass.layers(), queryPass.ids(), SourceCheck.countForArrays(part, queryPass.count()), options);
    }

    private void score(
            ExampleSource<E> train, PreparedQueries prepared, int first, int count, ScoreCollector collector) {
        try (PairwisePass scores = new PairwisePass(backend, prepared, first, count, options, collector)) {
            List<Objective> loss = List.of(new Objective.TrainingLoss());
            pass.run(train, BatchSize.of(options), loss, "scores", progress, scores);
        } catch (DeviceMemoryException e) {
            throw e.during(inWords("scores", count));
        }
    }

    /** Queries that are scored together, in whole batches. */
    private record Pass<E>(int first, List<ExampleBatch<E>> batches) {

        int count() {
            return batches.stream().mapToInt(ExampleBatch::size).sum();
        }

        long[] ids() {
            return batches.stream()
                    .flatMapToLong(batch -> Arrays.stream(batch.ids()))
                    .toArray();
        }
    }

    /** As many batches a pass as fit; a source's batches may be smaller than asked for. */
    private List<Pass<E>> passes() {
        int all = queryIds().length;
        int most = ScoringMemory.of(backend, options).queriesAtOnce(pass.layers(), all);
        List<Pass<E>> passes = new ArrayList<>();
        int first = 0;
        int count = 0;
        List<ExampleBatch<E>> batches = new ArrayList<>();
        for (ExampleBatch<E> batch : queries) {
            if (count > 0 && count + batch.size() > most) {
                passes.add(new Pass<>(first, List.copyOf(batches)));
                first += count;
                count = 0;
                batches.clear();
            }
            batches.add(batch);
            count += batch.size();
        }
        passes.add(new Pass<>(first, List.copyOf(batches)));
        return passes;
    }

    private PreparedQueries prepared(Pass<E> queryPass) {
        try {
            return new PreparedQueries(backend, solver, queryPass.count(), options, examples);
        } catch (DeviceMemoryException e) {
            throw e.during(inWords("query preparation", queryPass.count()));
        }
    }

    private String inWords(String stage, int count) {
        ScoringMemory memory = ScoringMemory.of(backend, options);
        long bytes =
                count * pass.layers().stream().mapToLong(memory::bytesPerQuery).sum();
        return stage + " (" + count + " queries are planned to take " + bytes
                + " bytes, captures and workspace of a batch come on top: take smaller batches, or set a memory limit, so that"
                + " fewer queries are scored together)";
    }

    private void prepare(PreparedQueries prepared, Pass<E> queryPass) {
        int done = 0;
        for (ExampleBatch<E> batch : queryPass.batches()) {
            try {
                prepared.add(pass, batch, done);
            } catch (DeviceMemoryException e) {
                throw e.during(inWords("query preparation", queryPass.count()));
            }
            done += batch.size();
            progress.progress("queries", queryPass.first() + done, queryPass.first() + queryPass.count());
        }
        largestCut = Math.max(largestCut, prepared.largestCut());
    }
}
