package io.github.influence4j.benchmarks;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Counts work beside a benchmark's operations, so that JMH reports it per second. */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.OPERATIONS)
public class Rates {

    /** GFLOP; per second, the rate of the stage. */
    public double gflops;

    /** Seconds of the floor; per second, the floor's share: 1 where nothing could be faster. See {@link Floors}. */
    public double ofFloor;

    /** Made by JMH. */
    public Rates() {}

    /** Starts an iteration. */
    @Setup(Level.Iteration)
    public void reset() {
        gflops = 0;
        ofFloor = 0;
    }

    void add(Floors.Least least) {
        gflops += least.flops() / 1e9;
        ofFloor += least.seconds();
    }
}
