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
import io.github.influence4j.ekfac.internal.score.SomeLayers;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.store.factors.FactorStore;
import io.github.influence4j.store.json.ProvenanceJson;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
     * @param pieces what the queries are in
     * @param ids ids of all queries
     * @param provenance in JSON
     */
    @DefaultSerializer(JavaSerializer.class) // where Kryo is used: it cannot make records
    record Prepared(List<Piece> pieces, List<Long> ids, String provenance) implements Serializable {}

    /**
     * The queries of a pass over the training set at some layers, in a file.
     *
     * @param firstQuery index of the first query of the pass
     * @param name of the file
     */
    record Piece(int firstQuery, String name) implements Serializable {}

    /** The scores of a partition for the queries of one pass. */
    record Scored<T>(int firstQuery, T scores) {}

    private ExampleSource<E> readQueries() throws IOException {
        return PartitionSource.of(queries.value().iterator(), queryReader)
                .orElseThrow(() -> new IllegalArgumentException("there are no queries"));
    }

    /** Preconditions all queries on one executor, which then has no factors any more. */
    Prepared prepare(WorkFolder folder) throws IOException {
        folder.requireSeen();
        MatrixBackend backend = ExecutorJvm.backend(model.precision());
        try (var loan = model.borrow()) {
            List<Piece> written = new ArrayList<>();
            Keeper<Object> keeper = new Keeper<>() {
                @Override
                public void keepQueries(int firstQuery, int group, Map<String, Matrix> tensors) {
                    Piece piece = new Piece(firstQuery, "queries-" + written.size());
                    unchecked(() -> {
                        folder.write(piece.name(), tensors);
                        return piece;
                    });
                    written.add(piece);
                }
            };
            ExampleSource<E> source = readQueries();
            Provenance made =
                    scorer(backend, model.in(loan)).prepare(factors.groups(backend, settings), source, keeper);
            return new Prepared(
                    List.copyOf(written), ExampleCount.of(source).boxed().toList(), json(made));
        } finally {
            SentFactors.closeIdle();
        }
    }

    private static String json(Provenance made) {
        return JsonMapper.shared().writeValueAsString(ProvenanceJson.write(made));
    }

    private InfluenceScorer<E> scorer(MatrixBackend backend, GradientProvider<E> opened) {
        return new InfluenceScorer<>(backend, opened, settings.options(), ProgressListener.silent());
    }

    /** Scores a partition, or those of its examples that are wanted, for prepared queries. */
    <R, T> List<Scored<T>> score(
            int partition,
            Iterator<R> rows,
            PartitionReader<R, E> reader,
            QueryFiles prepared,
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
            try (var loan = model.borrow();
                    OpenedQueries opened = new OpenedQueries(prepared)) {
                Keeper<T> keeper = new Keeper<>() {
                    @Override
                    public Optional<Map<String, Matrix>> queries(int firstQuery, int group) {
                        return opened.of(firstQuery);
                    }

                    @Override
                    public void keep(int firstQuery, int part, T scores) {
                        scored.add(new Scored<>(firstQuery, scores));
                    }
                };
                scorer(ExecutorJvm.backend(model.precision()), model.in(loan))
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

    /** Scores the examples of a partition for themselves, at the layers of one group after the other. */
    <R> Optional<SelfInfluence> self(int partition, Iterator<R> rows, PartitionReader<R, E> reader) {
        return TaskErrors.in("self-influence", partition, () -> {
            Optional<ExampleSource<E>> source = PartitionSource.of(rows, reader);
            if (source.isEmpty()) {
                return Optional.empty();
            }
            MatrixBackend backend = ExecutorJvm.backend(model.precision());
            try (var loan = model.borrow()) {
                SentFactors.Groups solvers = factors.groups(backend, settings);
                List<SelfInfluence> parts = new ArrayList<>();
                for (int group = 0; group < solvers.groups().size(); group++) {
                    SomeLayers<E> some =
                            new SomeLayers<>(model.in(loan), solvers.groups().get(group));
                    solvers.with(
                            group, solver -> parts.add(scorer(backend, some).self(solver, source.get())));
                }
                return Optional.of(sum(parts));
            }
        });
    }

    private static SelfInfluence sum(List<SelfInfluence> groups) {
        SelfInfluence first = groups.get(0);
        double[] total = new double[first.ids().length];
        Map<String, double[]> layers = new LinkedHashMap<>();
        for (SelfInfluence group : groups) {
            double[] scores = group.scores();
            for (int z = 0; z < total.length; z++) {
                total[z] += scores[z];
            }
            group.layers().forEach(layer -> layers.put(layer, group.layer(layer)));
        }
        return new SelfInfluence(first.ids(), total, layers, first.provenance());
    }

    /** How the curvature with its damping was made, in JSON. */
    String solverProvenance() throws IOException {
        SentFactors.Groups solvers = factors.groups(ExecutorJvm.backend(model.precision()), settings);
        for (int group = 0; group < solvers.groups().size(); group++) {
            solvers.with(group, solver -> {});
        }
        return json(solvers.provenance());
    }

    private static <T> T unchecked(TaskErrors.Work<T> work) {
        try {
            return work.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The files of queries that a task reads. */
    private static final class OpenedQueries implements AutoCloseable {

        private final QueryFiles prepared;
        private final List<SafetensorsFile> files = new ArrayList<>();

        OpenedQueries(QueryFiles prepared) {
            this.prepared = prepared;
        }

        /** The queries of a pass, valid until this is closed. */
        Optional<Map<String, Matrix>> of(int firstQuery) {
            return Optional.ofNullable(prepared.pieces().get(firstQuery)).map(pieces -> {
                Map<String, Matrix> all = new LinkedHashMap<>();
                // in their order: the last one has the largest cut of all
                for (String piece : pieces) {
                    SafetensorsFile file = unchecked(() -> prepared.folder().open(piece));
                    files.add(file);
                    file.names().forEach(name -> all.put(name, file.matrix(name)));
                }
                return all;
            });
        }

        @Override
        public void close() throws IOException {
            for (SafetensorsFile file : files) {
                file.close();
            }
        }
    }

    /** Neither gives back nor keeps anything. */
    private abstract static class Keeper<T> implements KeptScores<T> {

        @Override
        public Optional<Map<String, Matrix>> queries(int firstQuery, int group) {
            return Optional.empty();
        }

        @Override
        public void keepQueries(int firstQuery, int group, Map<String, Matrix> tensors) {
            throw new IllegalStateException("queries from index " + firstQuery + " on were not prepared");
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
