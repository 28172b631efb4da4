package io.github.influence4j.store.runs;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.runs.ScoreRun.Result;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.util.List;

/** Puts the units of a pairwise run together and writes what was asked for. */
final class PairwiseResult {

    private final Progress kept;
    private final long[] queryIds;
    private final CaptureSet train;
    private final ScoreGroups groups;
    private final List<String> layers;
    private Provenance provenance;
    private double largestCut;

    PairwiseResult(Progress kept, long[] queryIds, CaptureSet train, ScoreGroups groups, String digest)
            throws IOException {
        this.kept = kept;
        this.queryIds = queryIds;
        this.train = train;
        this.groups = groups;
        this.provenance = groups.provenance(digest, train.size()).withCount("queries", queryIds.length);
        this.layers = groups.options().perLayer()
                ? groups.layers().stream().map(LayerSpec::name).toList()
                : List.of();
    }

    void write(Result result, ScoreWriter out, FolderLock lock) throws IOException {
        List<CaptureSet> shards = train.shards();
        if (result.topK().isPresent()) {
            // a shard at a time, so that memory does not grow with the training set
            TopSum top = new TopSum(result.topK().getAsInt());
            for (int s = 0; s < shards.size(); s++) {
                ScoreSum sum = new ScoreSum(queryIds, shards.get(s).ids(), layers);
                addShard(sum, s, 0);
                top.add(aggregated(sum.finish(provenance), result));
            }
            out.write(top.finish(provenance), lock);
            return;
        }
        ScoreSum sum = new ScoreSum(queryIds, train.ids(), layers);
        int first = 0;
        for (int s = 0; s < shards.size(); s++) {
            addShard(sum, s, first);
            first += (int) shards.get(s).size();
        }
        out.write(aggregated(sum.finish(provenance), result), lock);
    }

    private static InfluenceScores aggregated(InfluenceScores scores, Result result) {
        return result.overQueries().isPresent()
                ? scores.overQueries(result.overQueries().get())
                : scores;
    }

    private void addShard(ScoreSum sum, int shard, int firstExample) throws IOException {
        for (int g = 0; g < groups.count(); g++) {
            int query = 0;
            while (query < queryIds.length) {
                InfluenceScores unit = ScoreUnit.read(kept, GroupScores.series(g, query, shard), provenance);
                note(unit.provenance());
                sum.add(query, firstExample, unit);
                query += unit.queryIds().length;
            }
        }
    }

    /** What only the units know: the rank, and what it cut off at most. */
    private void note(Provenance unit) {
        provenance = provenance.withOption(ScoreUnit.RANK, unit.options().getOrDefault(ScoreUnit.RANK, "full"));
        String cut = unit.options().get(ScoreUnit.CUT);
        if (cut != null) {
            largestCut = Math.max(largestCut, Double.parseDouble(cut));
            provenance = provenance.withOption(ScoreUnit.CUT, Double.toString(largestCut));
        }
    }
}
