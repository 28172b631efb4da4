package io.github.influence4j.baselines.retraining;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.PerturbableModel;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.api.Seeds;
import io.github.influence4j.api.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Removal curves: trains again without the examples that a method calls most helpful for the queries, and measures how far the queries'
 * loss rises, beside models that were trained without as many random examples.
 *
 * <p>Any method that ranks examples can be compared: an estimator of influence, word search. For C counts, M methods, G groups of
 * queries, R random sets and S repeats it costs S (1 + C (M·G + R)) trainings.
 *
 * @param <E> the host's type of an example
 */
public final class Removal<E> {

    private static final int READ_BATCH = 1024;

    private final Trainer<E, ? extends PerturbableModel<E>> trainer;
    private final RemovalOptions options;

    /**
     * Prepares training.
     *
     * @param trainer trains the host's model afresh
     * @param options how much is removed, how often, and where finished work is kept
     */
    public Removal(Trainer<E, ? extends PerturbableModel<E>> trainer, RemovalOptions options) {
        this.trainer = trainer;
        this.options = options;
    }

    /**
     * Ranks by scores.
     *
     * @param scores of any estimator
     * @param k how many of each query
     * @return ids of each query's most helpful examples, the best first
     */
    public static List<long[]> ranked(InfluenceScores scores, int k) {
        return IntStream.range(0, scores.queryIds().length)
                .mapToObj(q -> scores.topK(q, Math.min(k, scores.trainIds().length)).stream()
                        .mapToLong(Influence::trainId)
                        .toArray())
                .toList();
    }

    /**
     * Trains and measures.
     *
     * @param train the whole training set, which is held
     * @param queries the queries, whose measurement is taken
     * @param rankings by the name of a method, for each query the ids of the most helpful examples, the best first; where a method
     *     found fewer than are to be removed, so many are
     * @param progress is told after each training
     * @return the curves of the methods
     * @throws IllegalArgumentException if a ranking has another number of queries or an example that is not there, nothing would be left of the training set, or files
     *     belong to other trainings
     * @throws IOException if files cannot be read or written
     * @throws java.util.concurrent.CancellationException if the thread was interrupted; what is finished is in the files
     */
    public RemovalCurves run(
            ExampleSource<E> train,
            ExampleSource<E> queries,
            Map<String, List<long[]>> rankings,
            ProgressListener progress)
            throws IOException {
        long[] ids = ids(train);
        int asked = Math.toIntExact(queries.size());
        rankings.forEach((method, ranking) -> {
            if (ranking.size() != asked) {
                throw new IllegalArgumentException(
                        method + " ranks for " + ranking.size() + " queries, asked are " + asked);
            }
            requireKnown(method, ranking, ids);
        });
        RetrainedObjectives all = trained("nothing", ids, List.of(Set.of()), train, queries, progress);
        double[] whole = all.means()[0];
        Map<String, List<RemovalCurves.Point>> curves = new LinkedHashMap<>();
        for (int count : options.counts()) {
            Map<String, List<Set<Long>>> removed = new LinkedHashMap<>();
            rankings.forEach((method, ranking) -> removed.put(method, unions(ranking, count)));
            int most = removed.values().stream()
                    .flatMap(List::stream)
                    .mapToInt(Set::size)
                    .max()
                    .orElse(count);
            List<Set<Long>> random = random(ids, most, count);
            double[][] byChance = trained("random-" + count, ids, random, train, queries, progress)
                    .means();
            double[] rise = new double[asked];
            for (double[] losses : byChance) {
                for (int q = 0; q < asked; q++) {
                    rise[q] += (losses[q] - whole[q]) / byChance.length;
                }
            }
            add(curves, RemovalCurves.RANDOM, new RemovalCurves.Point(count, most, rise));
            for (Map.Entry<String, List<Set<Long>>> method : removed.entrySet()) {
                List<Set<Long>> groups = method.getValue();
                double[][] losses = trained(
                                fileName(method.getKey()) + "-" + count, ids, groups, train, queries, progress)
                        .means();
                double[] own = new double[asked];
                for (int q = 0; q < asked; q++) {
                    own[q] = losses[q / options.together()][q] - whole[q];
                }
                double size = groups.stream().mapToInt(Set::size).average().orElse(0);
                add(curves, method.getKey(), new RemovalCurves.Point(count, size, own));
            }
        }
        return new RemovalCurves(whole, curves);
    }

    /**
     * Trains and measures without what estimators call most helpful.
     *
     * @param train the whole training set, which is held
     * @param queries the queries, whose measurement is taken
     * @param scores of these queries, by the name of an estimator
     * @param progress is told after each training
     * @return the curves of the estimators
     * @throws IllegalArgumentException as {@link #run} does
     * @throws IOException if files cannot be read or written
     */
    public RemovalCurves byScores(
            ExampleSource<E> train,
            ExampleSource<E> queries,
            Map<String, InfluenceScores> scores,
            ProgressListener progress)
            throws IOException {
        int most = Collections.max(options.counts());
        Map<String, List<long[]>> rankings = new LinkedHashMap<>();
        scores.forEach((estimator, own) -> rankings.put(estimator, ranked(own, most)));
        return run(train, queries, rankings, progress);
    }

    /** What is not there cannot be left out, and would be counted as if it had been. */
    private static void requireKnown(String method, List<long[]> ranking, long[] ids) {
        Set<Long> known = LongStream.of(ids).boxed().collect(Collectors.toSet());
        ranking.stream()
                .flatMapToLong(LongStream::of)
                .filter(id -> !known.contains(id))
                .findFirst()
                .ifPresent(id -> {
                    throw new IllegalArgumentException(method + " ranks example " + id
                            + ", which is none of the " + ids.length
                            + " of the training set; rank by the ids that its batches have");
                });
    }

    private static void add(Map<String, List<RemovalCurves.Point>> curves, String method, RemovalCurves.Point point) {
        curves.computeIfAbsent(method, key -> new ArrayList<>()).add(point);
    }

    private RetrainedObjectives trained(
            String name,
            long[] ids,
            List<Set<Long>> groups,
            ExampleSource<E> train,
            ExampleSource<E> queries,
            ProgressListener progress)
            throws IOException {
        ProgressListener named = (stage, done, total) -> progress.progress("training without " + name, done, total);
        return new Retraining<E>(trainer, options.retraining(name))
                .run(train, queries, TrainingSubsets.leavingOut(ids, groups), named);
    }

    /** What is removed for each group of queries. */
    private List<Set<Long>> unions(List<long[]> ranking, int count) {
        List<Set<Long>> unions = new ArrayList<>();
        for (int first = 0; first < ranking.size(); first += options.together()) {
            Set<Long> union = new TreeSet<>();
            for (long[] best : ranking.subList(first, Math.min(ranking.size(), first + options.together()))) {
                LongStream.of(best).limit(count).forEach(union::add);
            }
            unions.add(union);
        }
        return unions;
    }

    private List<Set<Long>> random(long[] ids, int size, int count) {
        Random random = new Random(Seeds.derived(RemovalOptions.randomSeed(), count));
        List<Long> order = new ArrayList<>(LongStream.of(ids).boxed().toList());
        List<Set<Long>> sets = new ArrayList<>();
        for (int draw = 0; draw < options.randomDraws(); draw++) {
            Collections.shuffle(order, random);
            sets.add(Set.copyOf(order.subList(0, Math.min(size, order.size()))));
        }
        return sets;
    }

    private static String fileName(String method) {
        return method.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    }

    private static <E> long[] ids(ExampleSource<E> train) {
        LongStream.Builder ids = LongStream.builder();
        for (ExampleBatch<E> batch : train.batches(READ_BATCH)) {
            LongStream.of(batch.ids()).forEach(ids);
        }
        return ids.build().toArray();
    }
}
