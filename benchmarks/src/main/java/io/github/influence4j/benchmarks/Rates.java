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

    /** Seconds that plain products of as many flops would take; per second, the share of the sgemm rate. */
    public double ofSgemm;

    /** Made by JMH. */
    public Rates() {}

    /** Starts an iteration. */
    @Setup(Level.Iteration)
    public void reset() {
        gflops = 0;
        ofSgemm = 0;
    }

    void add(double flops, double sgemmGflops) {
        gflops += flops / 1e9;
        ofSgemm += flops / 1e9 / sgemmGflops;
    }
}
