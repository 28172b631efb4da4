package io.github.influence4j.store.runs;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.score.KeptScores;
import io.github.influence4j.safetensors.SafetensorsFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Keeps the prepared queries and the scores of one group of layers in the progress of a run. */
final class GroupScores implements KeptScores, AutoCloseable {

    private final Progress kept;
    private final int group;
    private final int shards;
    private final ProgressListener progress;
    private Optional<SafetensorsFile> open = Optional.empty();

    GroupScores(Progress kept, int group, int shards, ProgressListener progress) {
        this.kept = kept;
        this.group = group;
        this.shards = shards;
        this.progress = progress;
    }

    static String series(int group, int firstQuery, int shard) {
        return "scores-" + group + "-" + firstQuery + "-" + shard;
    }

    private String queriesOf(int firstQuery) {
        return "queries-" + group + "-" + firstQuery;
    }

    /** Views of a file that stays open until this is closed. */
    @Override
    public Optional<Map<String, Matrix>> queries(int firstQuery) {
        if (kept.find(queriesOf(firstQuery)).isEmpty()) {
            return Optional.empty();
        }
        try {
            close();
            SafetensorsFile file = kept.open(queriesOf(firstQuery));
            open = Optional.of(file);
            Map<String, Matrix> tensors = new LinkedHashMap<>();
            file.names().forEach(name -> tensors.put(name, file.matrix(name)));
            return Optional.of(tensors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void keepQueries(int firstQuery, Map<String, Matrix> tensors) {
        try {
            kept.finish(
                    queriesOf(firstQuery), 1, KeptMatrices.specs(tensors), file -> KeptMatrices.write(file, tensors));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean has(int firstQuery, int part) {
        return kept.find(series(group, firstQuery, part)).isPresent();
    }

    @Override
    public void keep(int firstQuery, int part, InfluenceScores scores) {
        try {
            ScoreUnit.write(kept, series(group, firstQuery, part), scores);
            if (IntStream.range(0, shards).allMatch(shard -> has(firstQuery, shard))) {
                close();
                kept.forget(queriesOf(firstQuery));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        progress.progress("scores", part + 1, shards);
    }

    @Override
    public void close() throws IOException {
        if (open.isPresent()) {
            open.get().close();
            open = Optional.empty();
        }
    }
}
