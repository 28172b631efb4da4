package io.github.influence4j.store.runs;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.QueryAggregate;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.ekfac.internal.score.ScoreResult;
import io.github.influence4j.ekfac.internal.score.TopParts;
import io.github.influence4j.store.PartedData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The second pass of a top-k run, which scores what was kept once more, with parts; some queries at a time are a unit. */
final class KeptParts<E> {

    private final ScoreRun<E> run;
    private final ScoreGroups<E> groups;
    private final PartedData<E> queries;
    private final Optional<QueryAggregate> over;
    private final Progress kept;
    private int blocks;

    KeptParts(
            ScoreRun<E> run,
            ScoreGroups<E> groups,
            PartedData<E> queries,
            Optional<QueryAggregate> over,
            Progress kept) {
        this.run = run;
        this.groups = groups;
        this.queries = queries;
        this.over = over;
        this.kept = kept;
    }

    /** Adds the parts, if the run's options ask for any. */
    TopInfluences addedTo(TopInfluences top) throws IOException {
        if (!TopParts.wantedBy(run.options())) {
            return top;
        }
        try {
            return TopParts.added(top, (asked, train) -> {
                try {
                    return scored(asked, train, top.provenance());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private InfluenceScores scored(Set<Long> asked, Set<Long> train, Provenance provenance) throws IOException {
        String pass = "parts-" + blocks++ + "-";
        ExampleSource<E> some = over.isPresent() ? queries : queries.select(asked);
        run.score(
                groups,
                some,
                List.of(run.train().select(train)),
                over.isPresent() ? ScoreResult.summed() : ScoreResult.all(),
                ScoreUnit::write,
                kept,
                pass);
        List<Integer> firsts = new ArrayList<>();
        List<InfluenceScores> units = new ArrayList<>();
        for (int query = 0; query < some.size(); query++) {
            String series = ScoreUnits.series(pass, query, 0);
            if (kept.find(series).isPresent()) {
                firsts.add(query);
                units.add(ScoreUnit.read(kept, series, provenance));
            }
        }
        long[] ids = over.isPresent()
                ? new long[] {-1}
                : units.stream()
                        .flatMapToLong(unit -> Arrays.stream(unit.queryIds()))
                        .toArray();
        ScoreSum sum = new ScoreSum(ids, units.get(0).trainIds(), units.get(0).layers());
        for (int u = 0; u < units.size(); u++) {
            sum.add(over.isPresent() ? 0 : firsts.get(u), 0, units.get(u));
        }
        if (over.equals(Optional.of(QueryAggregate.MEAN))) {
            sum.scale(1.0 / some.size());
        }
        return sum.finish(provenance);
    }
}
