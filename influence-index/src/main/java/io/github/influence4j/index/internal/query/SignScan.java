package io.github.influence4j.index.internal.query;

import io.github.influence4j.index.internal.file.SignShard;
import io.github.influence4j.index.internal.sketch.QuerySketch;
import io.github.influence4j.index.internal.sketch.SignCell;
import io.github.influence4j.index.internal.sketch.SignLayout;
import io.github.influence4j.index.internal.sketch.SignRows;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * One pass over the rows of an index, on all cores: a piece of rows is read once and counted against every question while it lies
 * in the cache. The sums do not depend on pieces or threads.
 */
public final class SignScan {

    /** Bytes of a piece. */
    private static final int PIECE = 1 << 20;

    private final SignLayout layout;
    private final List<QuerySketch> queries;

    /** Takes scores. */
    @FunctionalInterface
    public interface Consumer {
        /**
         * Takes the scores of some rows.
         *
         * @param shard index of the shard
         * @param first the first row
         * @param count how many
         * @param scores [queries, count or more]
         */
        void accept(int shard, int first, int count, double[][] scores);
    }

    /**
     * Prepares a pass.
     *
     * @param layout of the rows
     * @param queries the questions
     */
    public SignScan(SignLayout layout, List<QuerySketch> queries) {
        this.layout = layout;
        this.queries = List.copyOf(queries);
    }

    /**
     * Goes through shards.
     *
     * @param shards the shards
     * @param consumer takes the scores, in order of the rows, from the calling thread
     * @throws CancellationException if the thread was interrupted
     */
    public void run(List<SignShard> shards, Consumer consumer) {
        int rows = (int) Math.max(1, PIECE / layout.shape().bytes());
        int cores = Runtime.getRuntime().availableProcessors();
        for (int s = 0; s < shards.size(); s++) {
            SignShard shard = shards.get(s);
            // a few pieces for each core, so that one that is late keeps no other waiting
            int wave = (int) Math.min((long) rows * cores * 4, Integer.MAX_VALUE);
            for (int first = 0; first < shard.rows(); first += wave) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("the questions were interrupted at row " + first + " of a shard");
                }
                int start = first;
                int left = Math.min(wave, shard.rows() - first);
                double[][][] pieces = IntStream.range(0, (left + rows - 1) / rows)
                        .parallel()
                        .mapToObj(p -> score(shard, start + p * rows, Math.min(rows, left - p * rows)))
                        .toArray(double[][][]::new);
                for (int p = 0; p < pieces.length; p++) {
                    consumer.accept(s, start + p * rows, Math.min(rows, left - p * rows), pieces[p]);
                }
            }
            shard.checkUnchanged();
        }
    }

    private double[][] score(SignShard shard, int first, int count) {
        SignRows rows = shard.read(first, count);
        double[][] scores = new double[queries.size()][count];
        int[] ones = new int[count];
        for (SignCell cell : layout.cells()) {
            for (int r = 0; r < count; r++) {
                int at = r * layout.shape().words() + cell.firstWord();
                int sum = 0;
                for (int w = 0; w < cell.words(); w++) {
                    sum += Long.bitCount(rows.signs()[at + w]);
                }
                ones[r] = sum;
            }
            for (int q = 0; q < scores.length; q++) {
                queries.get(q).addScores(cell, rows, count, ones, scores[q]);
            }
        }
        return scores;
    }
}
