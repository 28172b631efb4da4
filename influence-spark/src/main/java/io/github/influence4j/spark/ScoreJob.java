package io.github.influence4j.spark;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.ekfac.internal.score.ScoreResult;
import io.github.influence4j.store.json.ProvenanceJson;
import io.github.influence4j.store.json.StrictJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;

/** The stages of scoring, as the driver runs them. */
final class ScoreJob<Q, R, E> {

    static final String STAGE = "scores";

    private final JavaSparkContext spark;
    private final Stages stages;
    private final SentModel<E> model;
    private final SentFactors factors;
    private final ScoreSettings settings;
    private final SparkExamples<Q, E> queries;
    private final SparkExamples<R, E> train;

    ScoreJob(
            JavaSparkContext spark,
            Stages stages,
            SentModel<E> model,
            SentFactors factors,
            ScoreSettings settings,
            SparkExamples<Q, E> queries,
            SparkExamples<R, E> train) {
        this.spark = spark;
        this.stages = stages;
        this.model = model;
        this.factors = factors;
        this.settings = settings;
        this.queries = queries;
        this.train = train;
    }

    Stages stages() {
        return stages;
    }

    /**
     * Queries that all executors can read.
     *
     * @param pass scores with them
     * @param prepared where they are
     * @param ids of the queries
     * @param provenance of the scores
     */
    record Ready<Q, E>(ScorePass<Q, E> pass, QueryFiles prepared, List<Long> ids, Provenance provenance)
            implements AutoCloseable {

        /** Takes the queries from the executors. */
        @Override
        public void close() throws IOException {
            pass.queries().destroy();
            prepared.close();
        }
    }

    private ScorePass<Q, E> pass(List<Q> rows) {
        return new ScorePass<>(model, factors, settings, spark.broadcast(rows), queries.reader());
    }

    /** Preconditions the queries on one executor, which writes them where all read them. */
    Ready<Q, E> prepare() throws IOException {
        long examples = stages.run("examples", 0, 1, () -> ExampleCount.of("training set", train));
        List<Q> rows = stages.run("queries", 0, 1, () -> queries.rows().collect());
        ScorePass<Q, E> pass = pass(rows);
        WorkFolder folder = WorkFolder.create(Path.of(factors.path(), ".spark-" + UUID.randomUUID()));
        try {
            ScorePass.Prepared made = stages.run("preconditioned queries", 0, 1, () -> spark.parallelize(List.of(0), 1)
                    .map(one -> TaskErrors.in("queries", 0, () -> pass.prepare(folder)))
                    .first());
            Provenance provenance = provenance(made.provenance())
                    .withCount("training examples", examples)
                    .withCount("partitions", train.rows().getNumPartitions());
            return new Ready<>(pass, QueryFiles.of(spark.sc(), folder, made.pieces()), made.ids(), provenance);
        } catch (RuntimeException | Error e) {
            folder.delete();
            throw e;
        }
    }

    private static Provenance provenance(String json) {
        return ProvenanceJson.read(StrictJson.parse(Path.of("provenance"), "the provenance", json));
    }

    Provenance solverProvenance() {
        ScorePass<Q, E> pass = pass(List.of());
        return provenance(stages.run("solver", 0, 1, () -> spark.parallelize(List.of(0), 1)
                .map(one -> pass.solverProvenance())
                .first()));
    }

    /** The best and worst of each query, by its index. */
    Map<Integer, TopRows> top(Ready<Q, E> ready, int k) {
        PartitionReader<R, E> reader = train.reader();
        ScorePass<Q, E> pass = ready.pass();
        QueryFiles prepared = ready.prepared();
        return stages.run(
                STAGE, 0, 1, () -> {
                    JavaPairRDD<Integer, TopRows> kept = JavaPairRDD.fromJavaRDD(train.rows()
                            .mapPartitionsWithIndex(
                                    (partition, rows) -> pass
                                            .score(
                                                    partition,
                                                    rows,
                                                    reader,
                                                    prepared,
                                                    ScoreResult.top(k),
                                                    Optional.empty())
                                            .stream()
                                            .flatMap(scored ->
                                                    TopRows.of(partition, scored.firstQuery(), scored.scores())
                                                            .stream())
                                            .iterator(),
                                    true));
                    return new TreeMap<>(kept.groupByKey()
                            .mapValues(parts -> TopRows.merged(parts, k))
                            .collectAsMap());
                });
    }

    /** Rows of all pairs, or of those with some training examples. */
    JavaRDD<Row> all(Ready<Q, E> ready, Optional<Set<Long>> wanted) {
        PartitionReader<R, E> reader = train.reader();
        ScorePass<Q, E> pass = ready.pass();
        QueryFiles prepared = ready.prepared();
        Set<Long> some = wanted.orElse(Set.of());
        boolean selects = wanted.isPresent();
        return train.rows()
                .mapPartitionsWithIndex(
                        (partition, rows) -> rows(pass.score(
                                partition,
                                rows,
                                reader,
                                prepared,
                                ScoreResult.all(),
                                selects ? Optional.of(some) : Optional.empty())),
                        true);
    }

    private static Iterator<Row> rows(List<ScorePass.Scored<InfluenceScores>> scored) {
        return scored.stream()
                .flatMap(one -> {
                    Iterable<Row> rows = () -> ScoreRows.of(one.scores());
                    return StreamSupport.stream(rows.spliterator(), false);
                })
                .iterator();
    }

    /** Parts of the scores of some pairs, each the id of a query and of a training example. */
    Map<List<Long>, List<Object>> parts(Ready<Q, E> ready, Set<List<Long>> pairs) {
        Set<Long> train = pairs.stream().map(pair -> pair.get(1)).collect(Collectors.toSet());
        Set<List<Long>> wanted = new HashSet<>(pairs);
        List<Row> rows = stages.run("parts of what was kept", 0, 1, () -> all(ready, Optional.of(train))
                .filter(row -> wanted.contains(List.of(row.getLong(0), row.getLong(1))))
                .collect());
        Map<List<Long>, List<Object>> parts = new HashMap<>();
        for (Row row : rows) {
            Object[] columns = new Object[row.length() - 3];
            Arrays.setAll(columns, c -> row.get(3 + c));
            parts.put(List.of(row.getLong(0), row.getLong(1)), Arrays.asList(columns));
        }
        return parts;
    }

    /** Rows of self-influence. */
    JavaRDD<Row> self() {
        stages.run("examples", 0, 1, () -> ExampleCount.of("training set", train));
        PartitionReader<R, E> reader = train.reader();
        ScorePass<Q, E> pass = pass(List.of());
        return train.rows()
                .mapPartitionsWithIndex(
                        (partition, rows) -> pass.self(partition, rows, reader)
                                .map(ScoreRows::of)
                                .orElseGet(Collections::emptyIterator),
                        true);
    }
}
