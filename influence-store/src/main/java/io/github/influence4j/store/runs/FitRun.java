package io.github.influence4j.store.runs;

import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.LayerGroups;
import io.github.influence4j.ekfac.internal.factor.MemoryShares;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FisherLabels;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import io.github.influence4j.store.factors.FactorManifest;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.internal.Apart;
import io.github.influence4j.store.internal.DataDigest;
import io.github.influence4j.store.internal.DistinctIds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Fits factors in units that are kept, from capture files or from a model and its data: a shard in each of the two passes, a layer
 * in between.
 *
 * <p>A run that was ended at any moment and is taken up again with the same options, data, backend and threads gives the very
 * numbers of one that was not, and repeats at most one unit. They are those of {@link EigenbasisApproximator} with the shards
 * as its parts. After each shard the sums are written, 8 bytes a number of the covariances or eigenvalues, so shards should
 * not be much smaller than that.
 *
 * @param <E> the host's type of an example
 * @param backend computes
 * @param options strategy, labels and so on; a single draw of labels where files hold them
 * @param model the model, or what capture files know of it
 * @param data what to fit from
 * @param progress is told how far the work has come
 */
public record FitRun<E>(
        MatrixBackend backend,
        FitOptions options,
        GradientProvider<E> model,
        PartedData<E> data,
        ProgressListener progress) {

    /**
     * Makes a run from capture files.
     *
     * @param backend computes
     * @param options strategy, labels and so on; a single draw of labels
     * @param captures what to fit from
     * @param progress is told how far the work has come
     * @return the run
     */
    public static FitRun<CapturedExample> of(
            MatrixBackend backend, FitOptions options, CaptureSet captures, ProgressListener progress) {
        return new FitRun<>(backend, options, CaptureProvider.of(captures), captures, progress);
    }

    /**
     * Runs, or takes up a run.
     *
     * @param folder receives the factors when they are complete, and the progress until then
     * @param resume whether to take up the unfinished run that the folder may hold
     * @return the factors
     * @throws IOException if files cannot be read or written; the progress stays
     * @throws IllegalArgumentException if the folder holds the data, two examples have the same id, or several draws are asked for of files
     * @throws IllegalStateException if somebody else is writing to the folder, it holds an unfinished run that is not to be
     *     taken up, or one with other options or data
     */
    public FactorStore run(Path folder, boolean resume) throws IOException {
        Apart.require(folder, "factors", data.files());
        DistinctIds.require(data);
        try (FolderLock lock = FolderLock.acquire(folder)) {
            Map<String, String> run = describe();
            if (resume && !Progress.exists(folder) && Files.exists(folder.resolve(FactorManifest.FILE))) {
                FactorStore done = FactorStore.open(folder);
                Progress.requireDone(folder, done.manifest().provenance(), Fingerprint.ofText(run.toString()));
                return done;
            }
            requireOneDraw();
            Progress kept = Progress.begin(folder, withChoices(run), resume, lock);
            try (EigenbasisCurvature curvature = fit(kept)) {
                FactorStore.save(folder, curvature.withOption("run", Fingerprint.ofText(run.toString())), lock);
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
            kept.discard();
            return FactorStore.open(folder);
        }
    }

    private EigenbasisCurvature fit(Progress kept) {
        FitOptions chosen = options.withMemoryLimit(Long.parseLong(kept.chosen("memory limit")));
        return EigenbasisApproximator.<E>of(backend, chosen)
                .fit(model, data.shards(), Optional.of(new FitPieces(kept)), progress);
    }

    private void requireOneDraw() {
        boolean inFiles = model.sampledLabels().isPresent();
        if (inFiles && options.labels() instanceof FisherLabels.Sampled sampled && sampled.draws() != 1) {
            throw new IllegalArgumentException(
                    "capture files hold the draws of labels that they were exported with, asked for are "
                            + sampled.draws() + ": leave it at 1, or export them with as many");
        }
    }

    private Map<String, String> describe() throws IOException {
        Map<String, String> run = new LinkedHashMap<>();
        run.put("kind", "fit");
        run.put("strategy", options.strategy().toString());
        run.put("labels", labels());
        if (model.sampledLabels().isEmpty()) {
            // captures are of the weights that they are of, a model may be another tomorrow
            run.put("model", model.fingerprint().orElse("unknown"));
        }
        run.put("batch size", Integer.toString(options.batchSize()));
        run.put("batch positions", Integer.toString(options.batchPositions()));
        run.put("blocks", Integer.toString(options.blocks()));
        run.put("K-FAC scale", options.kfacScale().toString());
        if (options.float64Covariances()) {
            run.put("covariances", "float64");
        }
        run.put("backend", backend.name());
        run.put("precision", backend.precision().toString());
        run.put("layers", model.layers().toString());
        List<List<String>> shared = model.sharedInputs();
        if (!shared.isEmpty()) {
            run.put("shared inputs", shared.toString());
        }
        run.put("captures", DataDigest.of(data));
        return run;
    }

    private String labels() {
        if (options.labels() instanceof FisherLabels.Sampled sampled) {
            return model.sampledLabels().isPresent() ? "as in the files" : sampled.toString();
        }
        return "empirical";
    }

    private Map<String, String> withChoices(Map<String, String> run) {
        long limit = MemoryShares.of(backend, options.memoryLimit()).held();
        List<LayerSpec> layers = model.layers();
        FactorMemory memory = new FactorMemory(
                backend.precision(), options.strategy(), options.blocks(), SharedInputs.of(model, layers));
        LayerGroups.of(layers, memory, backend, limit);
        Map<String, String> all = new LinkedHashMap<>(run);
        all.put("chosen memory limit", Long.toString(limit));
        return all;
    }
}
