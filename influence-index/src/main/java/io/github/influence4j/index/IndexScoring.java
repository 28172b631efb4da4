package io.github.influence4j.index;

import io.github.influence4j.api.Curvature;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.api.internal.Ranking;
import io.github.influence4j.api.internal.Ranking.End;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.index.internal.coordinate.CoordinateCoder;
import io.github.influence4j.index.internal.coordinate.CoordinateLayout;
import io.github.influence4j.index.internal.coordinate.EigenvalueShares;
import io.github.influence4j.index.internal.file.IndexSection;
import io.github.influence4j.index.internal.file.SignShard;
import io.github.influence4j.index.internal.query.SignScan;
import io.github.influence4j.index.internal.sketch.ProjectionCoder;
import io.github.influence4j.index.internal.sketch.QuerySketch;
import io.github.influence4j.index.internal.sketch.SectionCoder;
import io.github.influence4j.index.internal.sketch.Sketching;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.LongStream;

/**
 * Answers questions from an index: the gradients of the questions are taken with the model, the training set is not passed.
 *
 * <p>By signs, the estimate of a score is the sum over cells of coordinates of ‖z‖²/Σ|z'| · Σ q'ᵢ sign(z'ᵢ), with z' and q' the k random
 * projections of both whitened gradients; over seeds its mean is the score and its standard error at most ‖q‖‖z‖√(π/2k). By
 * coordinates it is Σ qᵢ ẑᵢ over those that are kept, with ẑ what their bits say; it is too near to 0 by what is left out, alike for
 * all, and has no standard error. Signs find the best; coordinates order all. One question costs a read of the section. For one thread.
 *
 * @param <E> the host's type of an example
 */
public final class IndexScoring<E> implements AutoCloseable {

    private final GradientIndex index;
    private final Open<E> open;
    private final EigenbasisSolver solver;
    private final IndexSection section;
    private final SectionCoder coder;

    /** What all ways to ask share. */
    private record Open<E>(
            EigenbasisCurvature curvature,
            Sketching<E> sketching,
            InfluenceScorer<E> scorer,
            List<EigenbasisSolver> solvers) {}

    private IndexScoring(
            GradientIndex index, Open<E> open, EigenbasisSolver solver, IndexSection section, SectionCoder coder) {
        this.index = index;
        this.open = open;
        this.solver = solver;
        this.section = section;
        this.coder = coder;
    }

    static <E> IndexScoring<E> of(
            GradientIndex index,
            MatrixBackend backend,
            GradientProvider<E> model,
            Curvature curvature,
            EigenbasisSolver solver,
            ScoreOptions batches,
            ProgressListener progress) {
        EigenbasisCurvature fitted = EigenbasisCurvature.require(curvature);
        IndexSection first = index.header().sections().iterator().next();
        SectionCoder coder = Sections.coder(first, index.header(), fitted);
        InfluenceScorer<E> scorer = new InfluenceScorer<>(backend, model, batches, progress);
        Sketching<E> sketching = new Sketching<>(backend, model, solver, batches, progress);
        return new IndexScoring<>(
                index, new Open<>(fitted, sketching, scorer, new ArrayList<>(List.of(solver))), solver, first, coder);
    }

    /**
     * Asks the signs, as is done where there are any and nothing is said.
     *
     * @return the way to ask, which is closed with this
     * @throws IllegalStateException if the index has no signs
     */
    public IndexScoring<E> bySigns() {
        require(IndexSection.SIGNS);
        return new IndexScoring<>(
                index,
                open,
                open.solvers().get(0),
                IndexSection.SIGNS,
                new ProjectionCoder(index.header().signs()));
    }

    /**
     * Asks the coordinates.
     *
     * @return the way to ask, which is closed with this
     * @throws IllegalStateException if the index has no coordinates
     */
    public IndexScoring<E> byCoordinates() {
        require(IndexSection.COORDINATES);
        return new IndexScoring<>(
                index,
                open,
                open.solvers().get(0),
                IndexSection.COORDINATES,
                Sections.coder(IndexSection.COORDINATES, index.header(), open.curvature()));
    }

    /**
     * Asks the coordinates with another damping than that of the index: their numbers are weighted anew. Which coordinates are kept does
     * not change, so that much larger or smaller λ leave out more of what matters.
     *
     * @param damping λ'
     * @return the way to ask, which is closed with this
     * @throws IllegalStateException if the index has no coordinates
     */
    public IndexScoring<E> byCoordinates(Damping damping) {
        require(IndexSection.COORDINATES);
        EigenbasisSolver other = open.curvature().solver(damping);
        open.solvers().add(other);
        CoordinateLayout layout = Sections.coordinates(index.header(), open.curvature())
                .reweighted(EigenvalueShares.reweighting(open.curvature(), index.damping(), other.damping()));
        return new IndexScoring<>(index, open, other, IndexSection.COORDINATES, new CoordinateCoder(layout));
    }

    private void require(IndexSection wanted) {
        if (!index.header().sections().contains(wanted)) {
            throw new IllegalStateException(
                    index + " has no " + wanted + ", it has " + index.header().sections() + "; build one with them");
        }
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
        List<QuerySketch> sketches = open.sketching().questions(queries, coder);
        List<Ranking> highest = rankings(sketches, End.HIGHEST, k);
        List<Ranking> lowest = rankings(sketches, End.LOWEST, k);
        new SignScan(coder.layout(), sketches).run(index.shards(section), (shard, first, count, scores) -> {
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
        SignShard shard = index.shards(section).get((int) (place >>> Integer.SIZE));
        int row = (int) place;
        return new Estimate(
                shard.ids(row, 1)[0],
                score,
                coder instanceof ProjectionCoder signs
                        ? OptionalDouble.of(signs.layout().standardError(sketch, shard.scales(row, 1)))
                        : OptionalDouble.empty());
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
        TopInfluences exact = open.scorer().rescore(solver, queries, train, candidates.influences(), k);
        return new TopInfluences(
                exact.queryIds(),
                exact.helpful(),
                exact.harmful(),
                of(exact.provenance(), "exact scores of candidates by "));
    }

    /**
     * Estimates what the candidates miss: scores them exactly, with a random sample of the other training examples.
     *
     * @param queries the questions of the first pass
     * @param train the training set of the index; one that finds examples by their id reads no others
     * @param candidates result of {@link #topK}; the helpful ones are looked at
     * @param k the best of a question that are to be found
     * @param sample how many others of each question are scored
     * @param seed decides which
     * @return a bound of the recall, with its interval
     * @throws IllegalArgumentException if a question has fewer than k candidates, all training examples are, the questions are not
     *     those of the candidates, or a candidate is not in the training set
     */
    public RecallBound audit(
            ExampleSource<E> queries, ExampleSource<E> train, TopEstimates candidates, int k, int sample, long seed) {
        return new IndexAudit(ids(), candidates.influences(), k, sample, seed).run(wanted -> {
            InfluenceScores scores = open.scorer().pairwise(solver, queries, train.select(wanted));
            List<Long> asked = LongStream.of(scores.queryIds()).boxed().toList();
            if (!asked.equals(candidates.queryIds())) {
                throw new IllegalArgumentException(
                        "the candidates are of the questions " + candidates.queryIds() + ", given were " + asked);
            }
            return scores;
        });
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
        List<QuerySketch> sketches = open.sketching().questions(queries, coder);
        double[][] all = new double[sketches.size()][Math.toIntExact(index.size())];
        int[] starts = starts();
        new SignScan(coder.layout(), sketches).run(index.shards(section), (shard, first, count, scores) -> {
            for (int q = 0; q < scores.length; q++) {
                System.arraycopy(scores[q], 0, all[q], starts[shard] + first, count);
            }
        });
        return scores(sketches, all);
    }

    /**
     * Estimates how far the estimates of {@link #pairwise} are off.
     *
     * @param queries the questions
     * @return the standard error of every score, [queries, train]
     * @throws IllegalStateException if coordinates are asked, whose errors follow no formula
     */
    public InfluenceScores standardErrors(ExampleSource<E> queries) {
        if (!(coder instanceof ProjectionCoder signs)) {
            throw new IllegalStateException("estimates by coordinates have no standard errors; ask bySigns");
        }
        List<QuerySketch> sketches = open.sketching().questions(queries, coder);
        double[][] all = new double[sketches.size()][Math.toIntExact(index.size())];
        int at = 0;
        for (SignShard shard : index.shards(section)) {
            for (int r = 0; r < shard.rows(); r++) {
                float[] scales = shard.scales(r, 1);
                for (int q = 0; q < all.length; q++) {
                    all[q][at] = signs.layout().standardError(sketches.get(q), scales);
                }
                at++;
            }
        }
        return scores(sketches, all);
    }

    /** Where the rows of each shard begin. */
    private int[] starts() {
        List<SignShard> shards = index.shards(section);
        int[] starts = new int[shards.size()];
        for (int s = 1; s < starts.length; s++) {
            starts[s] = starts[s - 1] + shards.get(s - 1).rows();
        }
        return starts;
    }

    private long[] ids() {
        LongStream.Builder ids = LongStream.builder();
        for (SignShard shard : index.shards(section)) {
            LongStream.of(shard.ids(0, shard.rows())).forEach(ids);
        }
        return ids.build().toArray();
    }

    private InfluenceScores scores(List<QuerySketch> sketches, double[][] all) {
        long[] queryIds = sketches.stream().mapToLong(QuerySketch::id).toArray();
        return new InfluenceScores(queryIds, ids(), all, Map.of(), new double[0][][], provenance(queryIds.length));
    }

    private Provenance provenance(int questions) {
        return of(solver.provenance(), "estimates by ").withCount("queries", questions);
    }

    private Provenance of(Provenance made, String what) {
        return made.withOption(
                        "index", what + index.header().bytes(section) + " bytes of " + section + " a training example")
                .withCount("training examples", index.size());
    }

    /** Releases the factors, for all ways to ask. */
    @Override
    public void close() {
        open.sketching().close();
        open.solvers().forEach(EigenbasisSolver::close);
        open.curvature().close();
    }
}
