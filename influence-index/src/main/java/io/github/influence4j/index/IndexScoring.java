package io.github.influence4j.index;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.api.internal.Ranking;
import io.github.influence4j.api.internal.Ranking.End;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.index.internal.file.SignShard;
import io.github.influence4j.index.internal.query.SignScan;
import io.github.influence4j.index.internal.sketch.QuerySketch;
import io.github.influence4j.index.internal.sketch.Sketching;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Answers questions from an index: the gradients of the questions are taken with the model, the training set is not passed.
 *
 * <p>The estimate of a score is the sum over cells of coordinates of ‖z‖²/Σ|z'| · Σ q'ᵢ sign(z'ᵢ), with z' and q' the k random
 * projections of both whitened gradients; over seeds its mean is the score and its standard error at most ‖q‖‖z‖√(π/2k). One
 * question costs a read of the index. For one thread.
 *
 * @param <E> the host's type of an example
 */
public final class IndexScoring<E> implements AutoCloseable {

    private final GradientIndex index;
    private final Curvature curvature;
    private final EigenbasisSolver solver;
    private final Sketching<E> sketching;
    private final InfluenceScorer<E> scorer;

    IndexScoring(
            GradientIndex index,
            Curvature curvature,
            EigenbasisSolver solver,
            Sketching<E> sketching,
            InfluenceScorer<E> scorer) {
        this.scorer = scorer;
        this.index = index;
        this.curvature = curvature;
        this.solver = solver;
        this.sketching = sketching;
    }

    /**
     * Finds the most helpful and the most harmful training examples of every question. They are ranked by their estimates; score
     * some times as many as are wanted again to have the best.
     *
     * @param queries the questions: their gradients are those of {@link io.github.influence4j.api.Objective.Measurement}
     * @param k how many of each
     * @return the k highest and the k lowest estimates of each question
     * @throws IllegalArgumentException if k is not positive, there is no question, or a capture does not fit
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public TopEstimates topK(ExampleSource<E> queries, int k) {
        if (k < 1) {
            throw new IllegalArgumentException("k must be positive, found " + k);
        }
        List<QuerySketch> sketches = sketching.questions(queries);
        List<Ranking> highest = rankings(sketches, End.HIGHEST, k);
        List<Ranking> lowest = rankings(sketches, End.LOWEST, k);
        new SignScan(index.layout(), sketches).run(index.shards(), (shard, first, count, scores) -> {
            for (int q = 0; q < scores.length; q++) {
                for (int r = 0; r < count; r++) {
                    long place = (long) shard << Integer.SIZE | first + r;
                    highest.get(q).offer(place, scores[q][r]);
                    lowest.get(q).offer(place, scores[q][r]);
                }
            }
        });
        List<List<Estimate>> helpful = new ArrayList<>();
        List<List<Estimate>> harmful = new ArrayList<>();
        for (int q = 0; q < sketches.size(); q++) {
            QuerySketch sketch = sketches.get(q);
            helpful.add(highest.get(q).best((place, score) -> estimate(sketch, place, score)));
            harmful.add(lowest.get(q).best((place, score) -> estimate(sketch, place, score)));
        }
        return new TopEstimates(
                sketches.stream().map(QuerySketch::id).toList(), helpful, harmful, provenance(sketches.size()));
    }

    private static List<Ranking> rankings(List<QuerySketch> sketches, End end, int k) {
        return sketches.stream().map(sketch -> new Ranking(end, k)).toList();
    }

    /** Of a place, the number of the shard and in the low half that of the row; errors are needed of those that are kept only. */
    private Estimate estimate(QuerySketch sketch, long place, double score) {
        SignShard shard = index.shards().get((int) (place >>> Integer.SIZE));
        int row = (int) place;
        return new Estimate(shard.ids(row, 1)[0], score, sketch.standardError(shard.scales(row, 1)));
    }

    /**
     * Scores what {@link #topK} found again, exactly, and ranks it by that. What it did not find cannot come back, so let it find some
     * times as many as are wanted.
     *
     * @param queries the questions of the first pass
     * @param train the training set of the index; one that finds examples by their id ({@link ExampleSource#select}) reads no others
     * @param candidates result of {@link #topK}
     * @param k how many of the candidates of each question are returned, at most
     * @return the k highest of the helpful and the k lowest of the harmful candidates, with their scores
     * @throws IllegalArgumentException if k is not positive, the questions are not those of the candidates, or a candidate is not
     *     in the training set
     */
    public TopInfluences rescore(ExampleSource<E> queries, ExampleSource<E> train, TopEstimates candidates, int k) {
        return scorer.rescore(solver, queries, train, candidates.influences(), k);
    }

    /**
     * Estimates the score of every training example for every question.
     *
     * @param queries the questions
     * @return estimates, [queries, train], without their errors
     * @throws IllegalArgumentException if there is no question, a capture does not fit, or there are too many scores for memory
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     * @throws java.util.concurrent.CancellationException if the thread was interrupted
     */
    public InfluenceScores pairwise(ExampleSource<E> queries) {
        return estimates(queries, false);
    }

    /**
     * Estimates how far the estimates of {@link #pairwise} are off.
     *
     * @param queries the questions
     * @return the standard error of every score, [queries, train]
     */
    public InfluenceScores standardErrors(ExampleSource<E> queries) {
        return estimates(queries, true);
    }

    private InfluenceScores estimates(ExampleSource<E> queries, boolean errors) {
        List<QuerySketch> sketches = sketching.questions(queries);
        int examples = Math.toIntExact(index.size());
        double[][] all = new double[sketches.size()][examples];
        long[] ids = new long[examples];
        int[] starts = new int[index.shards().size()];
        int start = 0;
        for (int s = 0; s < starts.length; s++) {
            SignShard shard = index.shards().get(s);
            starts[s] = start;
            System.arraycopy(shard.ids(0, shard.rows()), 0, ids, start, shard.rows());
            start += shard.rows();
        }
        if (errors) {
            for (int s = 0; s < starts.length; s++) {
                SignShard shard = index.shards().get(s);
                for (int r = 0; r < shard.rows(); r++) {
                    float[] scales = shard.scales(r, 1);
                    for (int q = 0; q < all.length; q++) {
                        all[q][starts[s] + r] = sketches.get(q).standardError(scales);
                    }
                }
            }
        } else {
            new SignScan(index.layout(), sketches).run(index.shards(), (shard, first, count, scores) -> {
                for (int q = 0; q < scores.length; q++) {
                    System.arraycopy(scores[q], 0, all[q], starts[shard] + first, count);
                }
            });
        }
        long[] queryIds = sketches.stream().mapToLong(QuerySketch::id).toArray();
        return new InfluenceScores(queryIds, ids, all, Map.of(), new double[0][][], provenance(queryIds.length));
    }

    private Provenance provenance(int questions) {
        return solver.provenance()
                .withOption("index", index.bytesPerExample() + " bytes of signs a training example")
                .withCount("queries", questions)
                .withCount("training examples", index.size());
    }

    @Override
    public void close() {
        sketching.close();
        solver.close();
        curvature.close();
    }
}
