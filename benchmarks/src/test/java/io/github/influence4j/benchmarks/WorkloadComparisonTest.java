package io.github.influence4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WorkloadComparisonTest {

    private static final Workload WORK = Workload.named("tiny-mlp");

    @Test
    void scoresAtKinksAreLeftOutOfTheCheckAndOfNothingElse() {
        // query 1 and example 2 differ most
        double[] own = new double[WORK.queries() * WORK.train()];
        double[] theirs = own.clone();
        theirs[0] = 10;
        own[0] = 11;
        own[WORK.train() + 5] = 3;
        own[2] = 4;
        assertEquals(0.4, comparison(own, theirs, bits(), bits()).pairwiseAgreement());
        assertEquals(0.3, comparison(own, theirs, bits(2), bits()).pairwiseAgreement());
        WorkloadComparison both = comparison(own, theirs, bits(2), bits(1));
        assertEquals(0.1, both.pairwiseAgreement());
        assertEquals(0.4, both.differenceOfAny());
    }

    @Test
    void nothingAgreesWhereEveryExampleIsAtAKink() {
        double[] scores = new double[WORK.queries() * WORK.train()];
        scores[0] = 1;
        BitSet all = new BitSet();
        all.set(0, WORK.train());
        assertTrue(Double.isNaN(comparison(scores, scores, all, bits()).pairwiseAgreement()));
    }

    @Test
    void anotherLibraryIsHeldAgainstTheSameScoresAndSeconds() {
        double[] own = new double[WORK.queries() * WORK.train()];
        double[] theirs = own.clone();
        own[2] = 4;
        own[5] = 10;
        theirs[5] = 8;
        FurtherPeer.Run other = new FurtherPeer.Run(FurtherPeer.DATTRI, Map.of(), theirs);
        assertEquals(0.5, comparison(own, own, bits(), bits()).difference(other));
        assertEquals(0.25, comparison(own, own, bits(2), bits()).difference(other));
        WorkloadComparison timed = comparison(own, own, bits(), bits());
        assertEquals(7, timed.seconds("fit"));
        assertEquals(4, timed.seconds("lambda"));
        assertEquals(8, timed.seconds("pairwise"));
    }

    private static WorkloadComparison comparison(double[] own, double[] theirs, BitSet train, BitSet queries) {
        Map<Stage, Double> seconds =
                Map.of(Stage.COVARIANCE, 1.0, Stage.EIGEN, 2.0, Stage.LAMBDA, 4.0, Stage.PAIRWISE, 8.0);
        PipelineRun run = new PipelineRun(seconds, own, new double[WORK.train()]);
        PipelineRun peer = new PipelineRun(Map.of(), theirs, new double[WORK.train()]);
        return new WorkloadComparison(
                WORK,
                run,
                List.of(run),
                List.of(new PeerRunner.Result(peer, 1, "none")),
                new Kinks(train, queries),
                Map.of(),
                new Floors(1, 1, 1),
                Map.of(),
                List.of());
    }

    private static BitSet bits(int... set) {
        BitSet bits = new BitSet();
        for (int one : set) {
            bits.set(one);
        }
        return bits;
    }
}
