package io.github.influence4j.benchmarks;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** Scores for 16 queries, their preparation included, captures in memory. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
public class PairwiseBenchmark {

    /** Made by JMH. */
    public PairwiseBenchmark() {}

    /** Whole query gradients against 4,096 rows. */
    @Benchmark
    public InfluenceScores whole(LayerState state, Rates rates) {
        rates.add(state.wholeQueries);
        return score(state, ScoreOptions.defaults());
    }

    /** Queries of rank 32 against 4,096 rows. */
    @Benchmark
    public InfluenceScores rank32(LayerState state, Rates rates) {
        rates.add(state.cutQueries);
        return score(state, LayerState.CUT);
    }

    private static InfluenceScores score(LayerState state, ScoreOptions options) {
        return state.scorer(options).pairwise(state.solver, state.queries(), state.data);
    }
}
