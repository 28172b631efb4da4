package io.github.influence4j.spark;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.score.ScoreResult;
import io.github.influence4j.ekfac.options.ScoreOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;

/**
 * Scores of a training set in partitions, Σ_ℓ ⟨(G_ℓ+λ_ℓI)⁻¹∇m_q, ∇L_z⟩, positive where the example helps.
 *
 * <p>One executor preconditions the queries and writes them beside the factors, all executors read them, and each streams its partitions past
 * them. Immutable.
 *
 * @param <E> the host's type of an example
 */
public final class SparkScoring<E> {

    private final SparkSession session;
    private final SentModel<E> model;
    private final Path factors;
    private final Damping damping;
    private final ScoreOptions options;
    private final ProgressListener progress;

    SparkScoring(
            SparkSession session,
            SentModel<E> model,
            Path factors,
            Damping damping,
            ScoreOptions options,
            ProgressListener progress) {
        this.session = session;
        this.model = model;
        this.factors = factors;
        this.damping = damping;
        this.options = options;
        this.progress = progress;
    }

    /**
     * Changes what is computed: scores per layer or token, queries cut to a rank, batch sizes, memory.
     *
     * @param value the options; their memory limit is that of one task, 4 GiB where they have none
     * @return the same otherwise
     */
    public SparkScoring<E> with(ScoreOptions value) {
        return new SparkScoring<>(session, model, factors, damping, value, progress);
    }

    /**
     * Finds the k most helpful and the k most harmful training examples of each query. Each partition keeps its own, and only they
     * move. Parts by layer or token, where the options ask for them, come from a second pass over what was kept.
     *
     * @param <Q> type of a row of the queries
     * @param <R> type of a row of the training set
     * @param queries the queries, which every executor reads
     * @param train the training set
     * @param k how many of each
     * @return rows {@code query, train, score, end} (helpful or harmful) and {@code rank} from 1, in this order, in the driver
     * @throws IOException if the factors cannot be read, or the driver cannot write beside them
     * @throws IllegalArgumentException if there are no queries or examples, two examples have the same id, k is not positive, or the
     *     factors are of another model
     * @throws io.github.influence4j.api.NumericalException if a capture holds a NaN or infinite number
     */
    public <Q, R> SparkScores topK(SparkExamples<Q, E> queries, SparkExamples<R, E> train, int k) throws IOException {
        ScoreResult.top(k);
        ScoreJob<Q, R, E> job = job(queries, train);
        List<Object[]> rows = new ArrayList<>();
        Map<List<Long>, List<Object>> parts = Map.of();
        Provenance provenance;
        try (ScoreJob.Ready<Q, E> ready = job.prepare()) {
            provenance = ready.provenance();
            job.top(ready, k).forEach((query, ends) -> {
                add(rows, ready.ids().get(query), "helpful", ends.helpful());
                add(rows, ready.ids().get(query), "harmful", ends.harmful());
            });
            if (options.perLayer() || options.perToken()) {
                parts = job.parts(ready, rows.stream().map(SparkScoring::pair).collect(Collectors.toSet()));
            }
        }
        Map<List<Long>, List<Object>> kept = parts;
        List<Row> all =
                rows.stream().map(row -> RowFactory.create(with(row, kept))).toList();
        return new SparkScores(
                job.stages(),
                "best and worst",
                session.createDataFrame(all, ScoreRows.schema(true, true, options.perLayer(), options.perToken())),
                provenance);
    }

    private static void add(List<Object[]> rows, long query, String end, List<TopRows.Ranked> ranked) {
        for (int rank = 0; rank < ranked.size(); rank++) {
            TopRows.Ranked one = ranked.get(rank);
            rows.add(new Object[] {query, one.train(), one.score(), end, rank + 1});
        }
    }

    private static Object[] with(Object[] row, Map<List<Long>, List<Object>> parts) {
        List<Object> whole = new ArrayList<>(Arrays.asList(row));
        whole.addAll(parts.getOrDefault(pair(row), List.of()));
        return whole.toArray();
    }

    private static List<Long> pair(Object[] row) {
        return List.of((Long) row[0], (Long) row[1]);
    }

    /**
     * Scores every training example for every query. Queries are prepared at once; the scores are computed when the rows are asked for,
     * and again each time they are, so write them with {@link SparkScores#writeParquet}. They never pass the driver. The prepared queries lie beside the factors until nothing in the
     * driver has the rows any more. A task holds the scores of its
     * partition, 8 bytes a pair.
     *
     * @param <Q> type of a row of the queries
     * @param <R> type of a row of the training set
     * @param queries the queries, which every executor reads
     * @param train the training set
     * @return rows {@code query, train, score}, with {@code layers} and {@code tokens} where the options ask for them
     * @throws IOException if the factors cannot be read, or the driver cannot write beside them
     * @throws IllegalArgumentException if there are no queries or examples, two examples have the same id, or the factors are of another
     *     model
     */
    public <Q, R> SparkScores pairwise(SparkExamples<Q, E> queries, SparkExamples<R, E> train) throws IOException {
        ScoreJob<Q, R, E> job = job(queries, train);
        ScoreJob.Ready<Q, E> ready = job.prepare();
        return new SparkScores(
                job.stages(),
                ScoreJob.STAGE,
                session.createDataFrame(
                        job.all(ready, Optional.empty()),
                        ScoreRows.schema(true, false, options.perLayer(), options.perToken())),
                ready.provenance());
    }

    /**
     * Scores every training example for itself. Computed when the rows are asked for, and again each time they are. Every executor loads
     * the factors, of as many layers at a time as half of the memory limit has room for. Parts by token, and a rank, are of queries: they
     * change nothing here.
     *
     * @param <R> type of a row
     * @param train the training set
     * @return rows {@code train, score}, with {@code layers} where the options ask for them
     * @throws IOException if the factors cannot be read
     * @throws IllegalArgumentException if there are no examples, or two have the same id
     */
    public <R> SparkScores selfInfluence(SparkExamples<R, E> train) throws IOException {
        ScoreJob<R, R, E> job = job(train, train);
        return new SparkScores(
                job.stages(),
                "self-influence",
                session.createDataFrame(job.self(), ScoreRows.schema(false, false, options.perLayer(), false)),
                job.solverProvenance());
    }

    private <Q, R> ScoreJob<Q, R, E> job(SparkExamples<Q, E> queries, SparkExamples<R, E> train) throws IOException {
        SentModel.serialised("reader of partitions", train.reader());
        SentModel.serialised("reader of queries", queries.reader());
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        return new ScoreJob<>(
                spark,
                new Stages(spark, progress),
                model,
                SentFactors.of(factors),
                ScoreSettings.of(options, damping),
                queries,
                train);
    }
}
