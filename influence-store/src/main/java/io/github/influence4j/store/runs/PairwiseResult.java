package io.github.influence4j.store.runs;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.QueryAggregate;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.store.FolderLock;
import io.github.influence4j.store.PartedData;
import io.github.influence4j.store.runs.ScoreRun.Result;
import io.github.influence4j.store.scores.ScoreWriter;
import java.io.IOException;
import java.util.List;
import java.util.stream.IntStream;

/** Puts the units of a pairwise run together and writes what was asked for. */
final class PairwiseResult {

    private final Progress kept;
    private final long[] queryIds;
    private final PartedData<?> train;
    private final List<String> layers;
    /** By pass: index of its first query. */
    private final int[] firstQueries;

    private Provenance provenance;
    private double largestCut;

    PairwiseResult(Progress kept, long[] queryIds, PartedData<?> train, ScoreGroups<?> groups, String digest)
            throws IOException {
        this.kept = kept;
        this.queryIds = queryIds;
        this.train = train;
        this.provenance = groups.provenance(digest, train.size()).withCount("queries", queryIds.length);
        this.layers = groups.options().perLayer()
                ? groups.layers().stream().map(LayerSpec::name).toList()
                : List.of();
        this.firstQueries = IntStream.range(0, queryIds.length)
                .filter(query -> kept.find(ScoreUnits.series("", query, 0)).isPresent())
                .toArray();
    }

    void write(Result result, KeptParts<?> parts, ScoreWriter out, FolderLock lock) throws IOException {
        if (result.overQueries().isPresent()) {
            QueryAggregate how = result.overQueries().get();
            if (result.topK().isPresent()) {
                out.write(parts.addedTo(topOfSums(how, result.topK().getAsInt())), lock);
            } else {
                out.write(sums(how, train, 0, train.shards().size()), lock);
            }
        } else if (result.topK().isPresent()) {
            out.write(parts.addedTo(top(result.topK().getAsInt())), lock);
        } else {
            ScoreSum sum = new ScoreSum(queryIds, train.ids(), layers);
            addShards(sum, true, 0, train.shards().size());
            out.write(sum.finish(provenance), lock);
        }
    }

    private TopInfluences top(int k) throws IOException {
        TopSum top = new TopSum(queryIds, k);
        for (int first : firstQueries) {
            for (int s = 0; s < train.shards().size(); s++) {
                TopInfluences unit = TopUnit.read(kept, ScoreUnits.series("", first, s), provenance);
                note(unit.provenance());
                for (int q = 0; q < unit.queryIds().size(); q++) {
                    top.add(first + q, unit.helpful().get(q), unit.harmful().get(q));
                }
            }
        }
        return top.finish(provenance);
    }

    /** A shard at a time, so that memory does not grow with the training set. */
    private TopInfluences topOfSums(QueryAggregate how, int k) throws IOException {
        TopSum top = new TopSum(new long[] {-1}, k);
        for (int s = 0; s < train.shards().size(); s++) {
            InfluenceScores sums = sums(how, train.shards().get(s), s, s + 1);
            top.add(0, sums.topK(0, k), sums.bottomK(0, k));
        }
        return top.finish(overQueries(how));
    }

    private InfluenceScores sums(QueryAggregate how, PartedData<?> examples, int firstShard, int endShard)
            throws IOException {
        ScoreSum sum = new ScoreSum(new long[] {-1}, examples.ids(), layers);
        addShards(sum, false, firstShard, endShard);
        if (how == QueryAggregate.MEAN) {
            sum.scale(1.0 / queryIds.length);
        }
        return sum.finish(overQueries(how));
    }

    private Provenance overQueries(QueryAggregate how) {
        return provenance.withOption("over queries", how + " of " + queryIds.length);
    }

    private void addShards(ScoreSum sum, boolean apart, int firstShard, int endShard) throws IOException {
        int firstExample = 0;
        for (int s = firstShard; s < endShard; s++) {
            for (int first : firstQueries) {
                InfluenceScores unit = ScoreUnit.read(kept, ScoreUnits.series("", first, s), provenance);
                note(unit.provenance());
                sum.add(apart ? first : 0, firstExample, unit);
            }
            firstExample += (int) train.shards().get(s).size();
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
