package io.github.influence4j.store.runs;

import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.score.KeptScores;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.internal.KeptMatrices;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Keeps the prepared queries and the results of the shards in the progress of a run. */
final class ScoreUnits<R> implements KeptScores<R>, AutoCloseable {

    /** Writes the result of a shard as a unit. */
    interface Format<R> {
        void write(Progress kept, String series, R result) throws IOException;
    }

    private final Progress kept;
    private final String pass;
    private final Format<R> format;
    private final int groups;
    private final int shards;
    private final ProgressListener progress;
    private Optional<SafetensorsFile> open = Optional.empty();

    /**
     * Prepares units.
     *
     * @param pass what the names of this pass's units begin with
     */
    ScoreUnits(Progress kept, String pass, Format<R> format, int groups, int shards, ProgressListener progress) {
        this.kept = kept;
        this.pass = pass;
        this.format = format;
        this.groups = groups;
        this.shards = shards;
        this.progress = progress;
    }

    static String series(String pass, int firstQuery, int shard) {
        return pass + "scores-" + firstQuery + "-" + shard;
    }

    private String queriesOf(int firstQuery, int group) {
        return pass + "queries-" + group + "-" + firstQuery;
    }

    /** Views of a file that stays open until this is asked for another one, or closed. */
    @Override
    public Optional<Map<String, Matrix>> queries(int firstQuery, int group) {
        String series = queriesOf(firstQuery, group);
        if (kept.find(series).isEmpty()) {
            return Optional.empty();
        }
        try {
            close();
            SafetensorsFile file = kept.open(series);
            open = Optional.of(file);
            Map<String, Matrix> tensors = new LinkedHashMap<>();
            file.names().forEach(name -> tensors.put(name, file.matrix(name)));
            return Optional.of(tensors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void keepQueries(int firstQuery, int group, Map<String, Matrix> tensors) {
        try {
            kept.finish(
                    queriesOf(firstQuery, group),
                    1,
                    KeptMatrices.specs(tensors),
                    file -> KeptMatrices.write(file, tensors));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean has(int firstQuery, int part) {
        return kept.find(series(pass, firstQuery, part)).isPresent();
    }

    @Override
    public void keep(int firstQuery, int part, R result) {
        try {
            format.write(kept, series(pass, firstQuery, part), result);
            if (IntStream.range(0, shards).allMatch(shard -> has(firstQuery, shard))) {
                close();
                for (int group = 0; group < groups; group++) {
                    kept.forget(queriesOf(firstQuery, group));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        progress.progress(pass.isEmpty() ? "scores" : "parts of what was kept", part + 1, shards);
    }

    @Override
    public void close() throws IOException {
        if (open.isPresent()) {
            open.get().close();
            open = Optional.empty();
        }
    }
}
