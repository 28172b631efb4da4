package io.github.influence4j.spark;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Provenance;
import io.github.influence4j.api.SelfInfluence;
import io.github.influence4j.ekfac.internal.score.InfluenceScorer;
import io.github.influence4j.ekfac.internal.score.KeptScores;
import io.github.influence4j.ekfac.internal.score.ScoreResult;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.json.ProvenanceJson;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.broadcast.Broadcast;
import tools.jackson.databind.json.JsonMapper;

/**
 * What executors do to score: prepare the queries once, and stream their partitions past them.
 *
 * @param <Q> type of a row of the queries
 * @param <E> the host's type of an example
 * @param model opens the model
 * @param factors where the factors are
 * @param settings options
 * @param queries rows of the queries
 * @param queryReader makes queries of them
 */
record ScorePass<Q, E>(
        SentModel<E> model,
        SentFactors factors,
        ScoreSettings settings,
        Broadcast<List<Q>> queries,
        PartitionReader<Q, E> queryReader)
        implements Serializable {

    /**
     * What the driver is told of prepared queries.
     *
     * @param firsts index of the first query of each pass over the training set
     * @param ids ids of all queries
     * @param provenance in JSON
     */
    @DefaultSerializer(JavaSerializer.class) // where Kryo is used: it cannot make records
    record Prepared(List<Integer> firsts, List<Long> ids, String provenance) implements Serializable {}

    /** The scores of a partition for the queries of one pass. */
    record Scored<T>(int firstQuery, T scores) {}

    static String piece(int firstQuery) {
        return "queries-" + firstQuery;
    }

    private ExampleSource<E> readQueries() throws IOException {
        return PartitionSource.of(queries.value().iterator(), queryReader)
                .orElseThrow(() -> new IllegalArgumentException("there are no queries"));
    }

    /** Preconditions all queries on one executor. */
    Prepared prepare(WorkFolder folder) throws IOException {
        folder.requireSeen();
        MatrixBackend backend = ExecutorJvm.backend(model.precision());
        try (var loan = model.borrow();
                var solver = factors.solver(backend, settings)) {
            List<Integer> firsts = new ArrayList<>();
            Keeper<Object> keeper = new Keeper<>(Map.of()) {
                @Override
                public void keepQueries(int firstQuery, int group, Map<String, Matrix> tensors) {
                    try {
                        folder.write(piece(firstQuery), tensors);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                    firsts.add(firstQuery);
                }
            };
            ExampleSource<E> source = readQueries();
            Provenance made =
                    scorer(backend, loan).prepare(new SentFactors.Apart(SentFactors.in(solver)), source, keeper);
            return new Prepared(
                    List.copyOf(firsts), ExampleCount.of(source).boxed().toList(), json(made));
        }
    }

    private static String json(Provenance made) {
        return JsonMapper.shared().writeValueAsString(ProvenanceJson.write(made));
    }

    private InfluenceScorer<E> scorer(MatrixBackend backend, Loans<GradientProvider<?>>.Loan loan) {
        return new InfluenceScorer<>(backend, model.in(loan), settings.options(), ProgressListener.silent());
    }

    /** Scores a partition, or those of its examples that are wanted, for prepared queries. */
    <R, T> List<Scored<T>> score(
            int partition,
            Iterator<R> rows,
            PartitionReader<R, E> reader,
            Map<Integer, Broadcast<SentPiece>> prepared,
            ScoreResult<T> result,
            Optional<Set<Long>> wanted) {
        return TaskErrors.in("scores", partition, () -> {
            Optional<ExampleSource<E>> found = PartitionSource.of(rows, reader);
            Optional<ExampleSource<E>> source =
                    wanted.isPresent() ? found.flatMap(all -> selected(all, wanted.get())) : found;
            if (source.isEmpty()) {
                return List.of();
            }
            FactorStore store = factors.open();
            List<Scored<T>> scored = new ArrayList<>();
            try (var loan = model.borrow()) {
                Keeper<T> keeper = new Keeper<>(prepared) {
                    @Override
                    public void keep(int firstQuery, int part, T scores) {
                        scored.add(new Scored<>(firstQuery, scores));
                    }
                };
                scorer(ExecutorJvm.backend(model.precision()), loan)
                        .scoreParts(
                                new SentFactors.Elsewhere(
                                        store.manifest().layers(),
                                        store.manifest().provenance()),
                                readQueries(),
                                List.of(source.get()),
                                result,
                                keeper);
            }
            return scored;
        });
    }

    private static <E> Optional<ExampleSource<E>> selected(ExampleSource<E> all, Set<Long> wanted) {
        Set<Long> here = ExampleCount.of(all).boxed().filter(wanted::contains).collect(Collectors.toSet());
        return here.isEmpty() ? Optional.empty() : Optional.of(all.select(here));
    }

    /** Scores the examples of a partition for themselves. */
    <R> Optional<SelfInfluence> self(int partition, Iterator<R> rows, PartitionReader<R, E> reader) {
        return TaskErrors.in("self-influence", partition, () -> {
            Optional<ExampleSource<E>> source = PartitionSource.of(rows, reader);
            if (source.isEmpty()) {
                return Optional.empty();
            }
            MatrixBackend backend = ExecutorJvm.backend(model.precision());
            try (var loan = model.borrow();
                    var solver = factors.solver(backend, settings)) {
                return Optional.of(scorer(backend, loan).self(SentFactors.in(solver), source.get()));
            }
        });
    }

    /** How the curvature with its damping was made, in JSON. */
    String solverProvenance() throws IOException {
        try (var solver = factors.solver(ExecutorJvm.backend(model.precision()), settings)) {
            return json(SentFactors.in(solver).provenance());
        }
    }

    /** Gives back queries that were prepared elsewhere. */
    private abstract static class Keeper<T> implements KeptScores<T> {

        private final Map<Integer, Broadcast<SentPiece>> prepared;

        Keeper(Map<Integer, Broadcast<SentPiece>> prepared) {
            this.prepared = new TreeMap<>(prepared);
        }

        @Override
        public Optional<Map<String, Matrix>> queries(int firstQuery, int group) {
            return Optional.ofNullable(prepared.get(firstQuery))
                    .map(sent -> sent.value().matrices());
        }

        @Override
        public void keepQueries(int firstQuery, int group, Map<String, Matrix> tensors) {
            throw new IllegalStateException(
                    "queries from index " + firstQuery + " on were not prepared; prepared were " + prepared.keySet());
        }

        @Override
        public boolean has(int firstQuery, int part) {
            return false;
        }

        @Override
        public void keep(int firstQuery, int part, T scores) {
            throw new IllegalStateException("nothing is scored here");
        }
    }
}
