package io.github.influence4j.benchmarks;

import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** Self-influence in the eigenbasis, captures in memory. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
public class SelfBenchmark {

    /** Made by JMH. */
    public SelfBenchmark() {}

    /** One pass over 4,096 rows. */
    @Benchmark
    public SelfInfluence self(LayerState state, Rates rates) {
        rates.add(state.least(Floors.SELF));
        return state.scorer(ScoreOptions.defaults()).self(state.solver, state.data);
    }
}
