package io.github.influence4j.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** Corrected eigenvalues of one layer, captures in memory. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
public class LambdaBenchmark {

    /** Made by JMH. */
    public LambdaBenchmark() {}

    /** One pass over 4,096 rows. */
    @Benchmark
    public void lambda(LayerState state, Rates rates) {
        state.eigenvalues().close();
        rates.add(state.least(Floors.EIGENVALUES));
    }
}
