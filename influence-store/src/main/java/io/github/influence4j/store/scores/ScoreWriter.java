package io.github.influence4j.store.scores;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.StagedFiles;
import io.github.influence4j.store.json.ProvenanceJson;
import io.github.influence4j.store.json.SealedJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes scores to a folder, with {@code scores.json} beside them: format, kind, layers, checksums, provenance.
 *
 * <p>Files, where {@code x} is {@code safetensors}, {@code csv} or {@code npy}:
 *
 * <ul>
 *   <li>{@code pairwise_scores.x}: [queries, train], the sum over layers ({@code all_modules}), or one tensor a layer where
 *       parts per layer were kept, as in kronfluence; {@code self_scores.x}: [train] likewise;
 *   <li>{@code per_token_scores.x}: [queries, train, tokens], 0 behind the last token of shorter examples; where parts per layer were kept
 *       too, beside it {@code layer_token_scores.x}, one tensor a layer with tokens (in CSV, columns; in NumPy, {@code
 *       per_token_scores.0.npy} by the index of the layer);
 *   <li>{@code top_scores.x}: the k best and worst of each query, [queries, k]; where parts were asked for, beside them
 *       {@code top_layer_scores.x}, one tensor a layer and end (in CSV, columns), and {@code top_token_scores.x}, [queries, k, tokens],
 *       and for both {@code top_layer_token_scores.x}, one tensor a layer and end;
 *   <li>{@code ids.x}: {@code query_ids} and {@code train_ids}, in the order of rows and columns (in CSV, ids stand on every
 *       line). NumPy arrays hold one tensor a file, so files are named {@code pairwise_scores.0.npy} by the index of the layer
 *       in {@code scores.json}, and {@code query_ids.npy}.
 * </ul>
 *
 * <p>As with factors, an older set stays until the new one is on the medium; then its files are removed, whatever kind and format
 * it had. Immutable; safe for use by several threads.
 *
 * @param folder where to; made if there is none
 * @param format how
 * @param factor what pairwise scores, and the best and worst, are multiplied with; 1 for scores as they are
 */
public record ScoreWriter(Path folder, ScoreFormat format, double factor) {

    /**
     * Writes scores as they are, per unit of weight.
     *
     * @param folder where to; made if there is none
     * @param format how
     */
    public ScoreWriter(Path folder, ScoreFormat format) {
        this(folder, format, 1);
    }

    /**
     * Multiplies scores before they are written, with 1/n for those per copy of one of n examples; their provenance says so.
     *
     * @param value the factor
     * @return a writer that does
     */
    public ScoreWriter scaledBy(double value) {
        return new ScoreWriter(folder, format, value);
    }

    /**
     * Checks that parts of layers can be told from the sum of all.
     *
     * @param layers names of the layers
     * @throws IllegalArgumentException if one is named as kronfluence names the sum
     */
    public static void requireNames(Collection<String> layers) {
        if (layers.contains(ScoreTensors.ALL)) {
            throw new IllegalArgumentException("layer " + ScoreTensors.ALL
                    + ": files of scores name the sum over layers so; give the layer another name, or keep no parts");
        }
    }

    /** Puts the scores into files. */
    private interface Content {
        void write(StagedFiles files) throws IOException;
    }

    /**
     * Writes pairwise scores.
     *
     * @param scores the scores
     * @throws IOException if they cannot be written
     * @throws IllegalStateException if somebody else is writing to the folder
     */
    public void write(InfluenceScores scores) throws IOException {
        locked(lock -> write(scores, lock));
    }

    /**
     * Writes pairwise scores for a caller that holds the folder's lock already.
     *
     * @param scores the scores
     * @param lock the lock of the folder
     * @throws IOException if they cannot be written
     */
    public void write(InfluenceScores scores, FolderLock lock) throws IOException {
        InfluenceScores written = factor == 1 ? scores : scores.times(factor);
        write(lock, "pairwise", written.layers(), written.provenance(), files -> {
            switch (format) {
                case SAFETENSORS -> SafetensorsScores.write(written, files);
                case CSV -> CsvScores.write(written, files);
                case NPY -> NpyScores.write(written, files);
            }
        });
    }

    /**
     * Writes the influence of examples on themselves.
     *
     * @param scores the scores
     * @throws IOException if they cannot be written
     * @throws IllegalStateException if somebody else is writing to the folder
     */
    public void write(SelfInfluence scores) throws IOException {
        locked(lock -> write(scores, lock));
    }

    /**
     * Writes the influence of examples on themselves for a caller that holds the folder's lock already.
     *
     * @param scores the scores
     * @param lock the lock of the folder
     * @throws IOException if they cannot be written
     */
    public void write(SelfInfluence scores, FolderLock lock) throws IOException {
        write(lock, "self", scores.layers(), scores.provenance(), files -> {
            switch (format) {
                case SAFETENSORS -> SafetensorsScores.write(scores, files);
                case CSV -> CsvScores.write(scores, files);
                case NPY -> NpyScores.write(scores, files);
            }
        });
    }

    /**
     * Writes the best and worst training examples of each query.
     *
     * @param scores the scores
     * @throws IOException if they cannot be written
     * @throws IllegalStateException if somebody else is writing to the folder
     */
    public void write(TopInfluences scores) throws IOException {
        locked(lock -> write(scores, lock));
    }

    /**
     * Writes the best and worst training examples of each query for a caller that holds the folder's lock already.
     *
     * @param scores the scores
     * @param lock the lock of the folder
     * @throws IOException if they cannot be written
     */
    public void write(TopInfluences scores, FolderLock lock) throws IOException {
        TopInfluences written = factor == 1 ? scores : scores.times(factor);
        write(lock, "top", ScoreTensors.layers(written), written.provenance(), files -> {
            switch (format) {
                case SAFETENSORS -> SafetensorsScores.write(written, files);
                case CSV -> CsvScores.write(written, files);
                case NPY -> NpyScores.write(written, files);
            }
        });
    }

    /** Writes under the lock of the folder. */
    private interface Locked {
        void write(FolderLock lock) throws IOException;
    }

    private void locked(Locked work) throws IOException {
        try (FolderLock lock = FolderLock.acquire(folder)) {
            work.write(lock);
        }
    }

    private void write(FolderLock lock, String kind, List<String> layers, Provenance provenance, Content content)
            throws IOException {
        lock.requireHeld();
        try (StagedFiles files = new StagedFiles(folder)) {
            content.write(files);
            Map<String, Object> manifest = new LinkedHashMap<>();
            manifest.put("format", ScoreReader.FORMAT);
            manifest.put("version", ScoreReader.VERSION);
            manifest.put("kind", kind);
            manifest.put("written_as", format.name().toLowerCase(Locale.ROOT));
            manifest.put("layers", layers);
            manifest.put("files", files.checksums());
            manifest.put("provenance", ProvenanceJson.write(provenance));
            files.bytes(ScoreTensors.MANIFEST, SealedJson.write(manifest));
            files.commit(ScoreReader.files(folder));
        }
    }
}
