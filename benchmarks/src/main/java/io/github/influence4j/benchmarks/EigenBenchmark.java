package io.github.influence4j.benchmarks;

import io.github.influence4j.ekfac.internal.eigen.EigenbasisStage;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** Eigendecompositions of both covariances of one layer. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
public class EigenBenchmark {

    /** Made by JMH. */
    public EigenBenchmark() {}

    /** Both decompositions, in float64. */
    @Benchmark
    public void eigen(LayerState state, Rates rates) {
        EigenbasisStage.decompose(state.backend, state.covariance).close();
        rates.add(state.least(Floors.EIGENDECOMPOSITION));
    }
}
