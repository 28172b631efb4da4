package io.github.influence4j.ekfac.internal.score;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.IhvpSolver;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.ModelFingerprint;
import io.github.influence4j.ekfac.internal.factor.SourceCheck;
import io.github.influence4j.ekfac.internal.factor.WantOfMemory;
import io.github.influence4j.ekfac.options.ScoreOptions;
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
final class PairwiseRun<E> implements AutoCloseable {

    private final MatrixBackend backend;
    private final GradientProvider<E> model;
    private final CapturePass<E> pass;
    private final SolverGroups solvers;
    private final ScoreOptions options;
    private final ScoringWays ways;
    private final ScoringMemory memory;
    private final BatchSize batches;
    private final ProgressListener progress;
    private final List<ExampleBatch<E>> queries = new ArrayList<>();
    private final long[] queryIds;
    private double largestCut;
    private long examples;

    /**
     * Prepares a run.
     *
     * @throws IllegalArgumentException if there are no queries, or the solvers are for other layers
     */
    PairwiseRun(
            MatrixBackend backend,
            GradientProvider<E> model,
            SolverGroups solvers,
            ExampleSource<E> queries,
            ScoreOptions options,
            ScoringWays ways,
            ProgressListener progress) {
        this.backend = backend;
        this.model = model;
        this.pass = CapturePass.scaling(backend, model, CapturePass.layersOf(model));
        this.solvers = solvers;
        this.options = options;
        this.ways = ways;
        this.memory = ScoringMemory.of(backend, options);
        this.progress = progress;
        ModelFingerprint.requireSame(solvers.provenance().model(), model);
        List<LayerSpec> solved = solvers.groups().stream().flatMap(List::stream).toList();
        if (!solved.equals(pass.layers())) {
            throw new IllegalArgumentException(
                    "the solver is for layers " + solved + ", the model has " + pass.layers());
        }
        if (queries.size() == 0) {
            throw new IllegalArgumentException("scores: there are no queries; the source of queries is empty");
        }
        this.batches = memory.batches(pass.layers(), model.bytesPerPosition());
        int batch = memory.queriesPerBatch(pass.layers(), Math.toIntExact(queries.size()));
        new SourceCheck<>(queries, batch, "queries").forEachRemaining(this.queries::add);
        this.queryIds = this.queries.stream()
                .flatMapToLong(one -> Arrays.stream(one.ids()))
                .toArray();
    }

    long[] queryIds() {
        return queryIds.clone();
    }

    /** The largest ‖V − V_r‖ / ‖V‖ of any query at any layer; 0 where nothing was cut. */
    double largestCut() {
        return largestCut;
    }

    /** N of the training set that was scored last. */
    long examples() {
        return examples;
    }

    <R> R score(ExampleSource<E> train, ScoreResult<R> result, Function<PairwiseRun<E>, Provenance> provenance) {
        examples = train.size();
        ScoreCollector<R> collector = collector(result, queryIds, train);
        for (Pass<E> queryPass : passes()) {
            try (PreparedQueries prepared = prepared(queryPass)) {
                for (int group = 0; group < solvers.groups().size(); group++) {
                    prepare(prepared, queryPass, group);
                }
                score(train, prepared, queryPass.first(), queryPass.ids(), collector);
            }
        }
        return collector.finish(provenance.apply(this));
    }

    /** Scores parts of the training set one by one, each for the queries of one pass. */
    <R> void score(
            List<? extends ExampleSource<E>> parts,
            ScoreResult<R> result,
            KeptScores<R> kept,
            Function<PairwiseRun<E>, Provenance> provenance) {
        examples = parts.stream().mapToLong(ExampleSource::size).sum();
        for (Pass<E> queryPass : passes()) {
            int first = queryPass.first();
            if (IntStream.range(0, parts.size()).allMatch(part -> kept.has(first, part))) {
                continue;
            }
            try (PreparedQueries prepared = prepared(queryPass)) {
                for (int group = 0; group < solvers.groups().size(); group++) {
                    prepareOrRestore(prepared, queryPass, group, kept);
                }
                for (int part = 0; part < parts.size(); part++) {
                    if (!kept.has(first, part)) {
                        ScoreCollector<R> collector = collector(result, queryPass.ids(), parts.get(part));
                        score(parts.get(part), prepared, 0, queryPass.ids(), collector);
                        kept.keep(first, part, collector.finish(provenance.apply(this)));
                    }
                }
            }
        }
    }

    /** Prepares the queries of all passes and hands them on. */
    void prepare(KeptScores<?> kept) {
        for (Pass<E> queryPass : passes()) {
            try (PreparedQueries prepared = prepared(queryPass)) {
                for (int group = 0; group < solvers.groups().size(); group++) {
                    prepareOrRestore(prepared, queryPass, group, kept);
                }
            }
        }
    }

    private <R> ScoreCollector<R> collector(ScoreResult<R> result, long[] ids, ExampleSource<E> train) {
        return result.collector(pass.layers(), ids, train, options);
    }

    private void score(
            ExampleSource<E> train, PreparedQueries prepared, int first, long[] ids, ScoreCollector<?> collector) {
        collector.startPass(first, ids.length);
        List<Objective> loss = List.of(new Objective.TrainingLoss());
        WantOfMemory.named(() -> inWords("scores", ids.length), () -> {
            try (PairwisePass scores = new PairwisePass(backend, prepared, first, ids, ways.path(), collector)) {
                pass.run(train, batches, loss, "scores", progress, scores);
            }
        });
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
        int most = memory.queriesAtOnce(pass.layers(), queryIds.length);
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
        return WantOfMemory.make(
                () -> inWords("query preparation", queryPass.count()),
                () -> new PreparedQueries(backend, solvers, queryPass.count(), memory, ways.coordinates(), examples));
    }

    private String inWords(String stage, int count) {
        long bytes =
                count * pass.layers().stream().mapToLong(memory::bytesPerQuery).sum();
        return stage + " (" + count + " queries are planned to take " + bytes
                + " bytes, captures and workspace of a batch come on top: take smaller batches, or set a memory limit, so that"
                + " fewer queries are scored together)";
    }

    private void prepareOrRestore(PreparedQueries prepared, Pass<E> queryPass, int group, KeptScores<?> kept) {
        List<LayerSpec> layers = solvers.groups().get(group);
        Optional<Map<String, Matrix>> before = kept.queries(queryPass.first(), group);
        if (before.isPresent()) {
            prepared.restore(layers, before.get());
            largestCut = Math.max(largestCut, prepared.largestCut());
        } else {
            prepare(prepared, queryPass, group);
            kept.keepQueries(queryPass.first(), group, prepared.tensors(layers));
        }
    }

    private void prepare(PreparedQueries prepared, Pass<E> queryPass, int group) {
        if (solvers.groups().size() == 1) {
            solvers.with(group, solver -> prepare(prepared, queryPass, solver, pass));
        } else {
            List<LayerSpec> layers = solvers.groups().get(group);
            try (CapturePass<E> some = CapturePass.scaling(backend, model, layers)) {
                solvers.with(group, solver -> prepare(prepared, queryPass, solver, some));
            }
        }
        largestCut = Math.max(largestCut, prepared.largestCut());
    }

    private void prepare(PreparedQueries prepared, Pass<E> queryPass, IhvpSolver solver, CapturePass<E> some) {
        int done = 0;
        for (ExampleBatch<E> batch : some.cut(queryPass.batches(), batches, new Objective.Measurement())) {
            int before = done;
            WantOfMemory.named(
                    () -> inWords("query preparation", queryPass.count()),
                    () -> prepared.add(some, solver, batch, before));
            done += batch.size();
            progress.progress("queries", queryPass.first() + done, queryPass.first() + queryPass.count());
        }
    }

    @Override
    public void close() {
        pass.close();
    }
}
