package io.github.influence4j.store.runs;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.QueryAggregate;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.score.ScoreResult;
import io.github.influence4j.ekfac.internal.score.TopParts;
import io.github.influence4j.ekfac.internal.score.WholeSolver;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.captures.CaptureObjective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.internal.Apart;
import io.github.influence4j.store.internal.DataDigest;
import io.github.influence4j.store.internal.DistinctIds;
import io.github.influence4j.store.scores.ScoreReader;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Scores capture files, or a model's data, in units that are kept: the preconditioned queries of a pass, one group of layers after the other where the
 * factors do not fit into half of the memory, and each shard of the training set scored against them.
 *
 * <p>A run that was ended at any moment and is taken up again with the same options, data, factors, backend and threads gives
 * the very numbers of one that was not, and repeats at most one unit. The scores of a unit, or of the best and worst if only they
 * are asked for, are kept in float64, preconditioned queries in the working precision until their pass is over: the disk must have
 * room for both. Immutable; safe for use by
 * several threads, of which one at a time writes to a folder.
 *
 * @param <E> the host's type of an example
 * @param backend computes
 * @param factors what to score with
 * @param damping λ
 * @param options rank, parts, batches
 * @param host gives the model for the sets that are scored
 * @param train the training set
 * @param progress is told how far the work has come
 * @param refinement improves on the solution of the factors; empty to leave it as it is
 */
public record ScoreRun<E>(
        MatrixBackend backend,
        FactorStore factors,
        Damping damping,
        ScoreOptions options,
        Host<E> host,
        PartedData<E> train,
        ProgressListener progress,
        Optional<Refinement> refinement) {

    /**
     * Gives the model, or what capture files know of it.
     *
     * @param <E> the host's type of an example
     */
    @FunctionalInterface
    public interface Host<E> {

        /**
         * Gives the model for some data sets.
         *
         * @param sets the training set, and the queries if there are any
         * @return a model of the layers of the factors
         * @throws IllegalArgumentException if the sets or the model do not belong to the factors
         */
        GradientProvider<E> of(List<PartedData<E>> sets);
    }

    /**
     * Makes a run that scores captures.
     *
     * @param backend computes
     * @param factors what to score with
     * @param damping λ
     * @param options rank, parts, batches
     * @param train captures of the training set; queries must be captures too
     * @param progress is told how far the work has come
     * @return the run
     */
    public static ScoreRun<CapturedExample> of(
            MatrixBackend backend,
            FactorStore factors,
            Damping damping,
            ScoreOptions options,
            CaptureSet train,
            ProgressListener progress) {
        Host<CapturedExample> files = sets -> {
            CaptureSet[] opened = Stream.concat(
                            Stream.of(train), sets.stream().skip(1).map(CaptureSet.class::cast))
                    .toArray(CaptureSet[]::new);
            CaptureProvider.requireObjective(opened[0], CaptureObjective.TRAINING);
            if (options.perToken() && train.rank().isPresent()) {
                throw new IllegalArgumentException(
                        train.path() + ": gradients were cut to " + train.rank().getAsInt()
                                + " singular pairs an example, which are no tokens; score without parts by token, or export the"
                                + " captures without a rank");
            }
            for (int queries = 1; queries < opened.length; queries++) {
                CaptureProvider.requireObjective(opened[queries], CaptureObjective.MEASUREMENT);
            }
            return CaptureProvider.of(
                    factors.manifest().layers(), factors.manifest().provenance().model(), opened);
        };
        return new ScoreRun<>(backend, factors, damping, options, files, train, progress, Optional.empty());
    }

    /**
     * Scores some training examples only, such as those that a search found. Their scores are those of a run over all.
     *
     * @param ids of training examples
     * @return a run over them
     * @throws IllegalArgumentException if there are none, or one is not in the training set
     */
    public ScoreRun<E> only(Set<Long> ids) {
        return new ScoreRun<>(backend, factors, damping, options, host, train.only(ids), progress, refinement);
    }

    /**
     * Improves on the solution of the factors by iterations, for scores of pairs.
     *
     * @param value how
     * @return a run that does
     */
    public ScoreRun<E> refinedBy(Refinement value) {
        return new ScoreRun<>(backend, factors, damping, options, host, train, progress, Optional.of(value));
    }

    /**
     * Makes a run that scores the data of a model.
     *
     * @param <E> the host's type of an example
     * @param backend computes
     * @param factors what to score with
     * @param damping λ
     * @param options rank, parts, batches
     * @param model the model, at the same weights as at the fit
     * @param train the training set
     * @param progress is told how far the work has come
     * @return the run
     * @throws IllegalArgumentException if the model has other layers than the factors, or says that it has other weights
     */
    public static <E> ScoreRun<E> of(
            MatrixBackend backend,
            FactorStore factors,
            Damping damping,
            ScoreOptions options,
            GradientProvider<E> model,
            PartedData<E> train,
            ProgressListener progress) {
        factors.requireModel(model);
        return new ScoreRun<>(backend, factors, damping, options, sets -> model, train, progress, Optional.empty());
    }

    /**
     * What becomes of the scores of all pairs.
     *
     * @param overQueries how to add up the queries; empty to keep them apart
     * @param topK how many of the best and worst training examples to keep; empty to keep all scores
     */
    public record Result(Optional<QueryAggregate> overQueries, OptionalInt topK) {

        /**
         * Checks the number.
         *
         * @throws IllegalArgumentException if it is not positive
         */
        public Result {
            if (topK.orElse(1) < 1) {
                throw new IllegalArgumentException("k must be positive, found " + topK.orElse(1));
            }
        }

        /**
         * Keeps every score.
         *
         * @return nothing added up, nothing left out
         */
        public static Result all() {
            return new Result(Optional.empty(), OptionalInt.empty());
        }
    }

    /**
     * Scores every training example for every query, or takes up a run that did.
     *
     * @param queries the queries
     * @param result what to write in the end
     * @param out writes the scores when they are complete; its folder holds the progress until then
     * @param resume whether to take up the unfinished run that the folder may hold
     * @return how the scores were made
     * @throws IOException if files cannot be read or written; the progress stays
     * @throws IllegalArgumentException if no layer runs at the tokens that are asked for, or the captures are in the folder
     * @throws IllegalStateException if somebody else is writing to the folder, it holds an unfinished run that is not to be
     *     taken up, or one with other options or data
     */
    public Provenance pairwise(PartedData<E> queries, Result result, ScoreWriter out, boolean resume)
            throws IOException {
        requireNames();
        TopParts.requireTokens(factors.manifest().layers(), options);
        GradientProvider<E> model = host.of(List.of(train, queries));
        Map<String, String> run = describe("score", out);
        run.put("rank", options.rank().map(Object::toString).orElse("full"));
        run.put("per layer", Boolean.toString(options.perLayer()));
        run.put("per token", Boolean.toString(options.perToken()));
        if (!options.layerTokens()) {
            run.put("per layer and token", "false");
        }
        run.put("result", result.toString());
        run.put("queries", DataDigest.of(queries));
        List<Path> inputs = new ArrayList<>(train.files());
        if (refinement.isPresent()) {
            run.put("refinement", refinement.get().description());
            run.put("data of the refinement", DataDigest.of(refinement.get().data()));
            inputs.addAll(refinement.get().data().files());
        }
        inputs.addAll(queries.files());
        return run(out, run, resume, inputs, (kept, lock) -> {
            boolean top = result.topK().isPresent();
            ScoreGroups<E> groups = new ScoreGroups<>(top ? withoutParts() : this, model, kept);
            List<? extends PartedData<E>> shards = train.shards();
            if (result.overQueries().isPresent()) {
                score(groups, queries, shards, ScoreResult.summed(), ScoreUnit::write, kept, "");
            } else if (top) {
                score(groups, queries, shards, ScoreResult.top(result.topK().getAsInt()), TopUnit::write, kept, "");
            } else {
                score(groups, queries, shards, ScoreResult.all(), ScoreUnit::write, kept, "");
            }
            KeptParts<E> parts =
                    new KeptParts<>(this, new ScoreGroups<>(this, model, kept), queries, result.overQueries(), kept);
            new PairwiseResult(kept, queries.ids(), train, groups, digest(run)).write(result, parts, out, lock);
        });
    }

    /** The same run for totals only. */
    private ScoreRun<E> withoutParts() {
        ScoreOptions totals = options.withPerLayer(false).withPerToken(false);
        return new ScoreRun<>(backend, factors, damping, totals, host, train, progress, refinement);
    }

    <R> void score(
            ScoreGroups<E> groups,
            ExampleSource<E> queries,
            List<? extends ExampleSource<E>> shards,
            ScoreResult<R> result,
            ScoreUnits.Format<R> format,
            Progress kept,
            String pass)
            throws IOException {
        InfluenceScorer<E> scorer = groups.scorer(groups.layers());
        try (ScoreUnits<R> units = new ScoreUnits<>(kept, pass, format, groups.count(), shards.size(), progress)) {
            if (groups.count() == 1) {
                // the factors stay, so that queries may be left in the eigenbasis
                groups.with(0, solver -> scorer.scoreParts(new WholeSolver(solver), queries, shards, result, units));
            } else {
                scorer.scoreParts(groups, queries, shards, result, units);
            }
        }
    }

    /**
     * Scores every training example for itself, or takes up a run that did.
     *
     * @param out writes the scores when they are complete; its folder holds the progress until then
     * @param resume whether to take up the unfinished run that the folder may hold
     * @return how the scores were made
     * @throws IOException if files cannot be read or written; the progress stays
     * @throws IllegalStateException if somebody else is writing to the folder, it holds an unfinished run that is not to be
     *     taken up, or one with other options or data, or the run is refined
     */
    public Provenance self(ScoreWriter out, boolean resume) throws IOException {
        if (refinement.isPresent()) {
            throw new IllegalStateException("self-influence is not refined: that is a solve for each training example");
        }
        requireNames();
        GradientProvider<E> model = host.of(List.of(train));
        Map<String, String> run = describe("self", out);
        run.put("per layer", Boolean.toString(options.perLayer()));
        return run(out, run, resume, train.files(), (kept, lock) -> {
            List<? extends PartedData<E>> shards = train.shards();
            ScoreGroups<E> groups = new ScoreGroups<>(this, model, kept);
            SelfUnits units = new SelfUnits(kept);
            for (int g = 0; g < groups.count(); g++) {
                int group = g;
                InfluenceScorer<E> scorer = groups.scorer(groups.groups().get(g));
                groups.with(g, solver -> {
                    for (int s = 0; s < shards.size(); s++) {
                        if (!units.has(group, s)) {
                            units.write(group, s, scorer.self(solver, shards.get(s)));
                            progress.progress("self-influence", s + 1, shards.size());
                        }
                    }
                });
            }
            Provenance made = groups.provenance(digest(run), train.size());
            out.write(units.sum(shards.size(), Math.toIntExact(train.size()), groups, made), lock);
        });
    }

    /** Does the units that are missing, and writes the result. */
    private interface Work {
        void run(Progress kept, FolderLock lock) throws IOException;
    }

    private Provenance run(ScoreWriter out, Map<String, String> run, boolean resume, List<Path> inputs, Work work)
            throws IOException {
        Path folder = out.folder();
        List<Path> all = new ArrayList<>(inputs);
        all.add(factors.manifestFile());
        Apart.require(folder, "scores", all);
        DistinctIds.require(train);
        try (FolderLock lock = FolderLock.acquire(folder)) {
            if (resume && !Progress.exists(folder) && ScoreReader.exists(folder)) {
                Provenance done = ScoreReader.provenance(folder);
                Progress.requireDone(folder, done, digest(run));
                ScoreReader.requireComplete(folder);
                return done;
            }
            Map<String, String> chosen = new LinkedHashMap<>(run);
            chosen.put(
                    "chosen memory limit", Long.toString(options.memoryLimit().orElseGet(backend::availableMemory)));
            Progress kept = Progress.begin(folder, chosen, resume, lock);
            work.run(kept, lock);
            kept.discard();
            return ScoreReader.provenance(folder);
        }
    }

    private void requireNames() {
        if (options.perLayer()) {
            ScoreWriter.requireNames(
                    factors.manifest().layers().stream().map(LayerSpec::name).toList());
        }
    }

    private Map<String, String> describe(String kind, ScoreWriter out) throws IOException {
        Map<String, String> run = new LinkedHashMap<>();
        run.put("kind", kind);
        run.put("factors", factors.fingerprint());
        run.put("layers", factors.manifest().layers().toString());
        run.put("damping", damping.toString());
        run.put("batch size", Integer.toString(options.batchSize()));
        run.put("batch positions", Integer.toString(options.batchPositions()));
        run.put("query batch size", Integer.toString(options.queryBatchSize()));
        run.put("format", out.format().toString());
        run.put("factor", Double.toString(out.factor()));
        run.put("backend", backend.name());
        run.put("precision", backend.precision().toString());
        run.put("training captures", DataDigest.of(train));
        return run;
    }

    private static String digest(Map<String, String> run) {
        return Fingerprint.ofText(run.toString());
    }
}
