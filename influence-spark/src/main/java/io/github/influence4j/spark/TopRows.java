package io.github.influence4j.spark;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.github.influence4j.api.Influence;
import io.github.influence4j.api.TopInfluences;
import io.github.influence4j.api.internal.Ranking;
import io.github.influence4j.api.internal.Ranking.End;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.StreamSupport;
import scala.Tuple2;

/**
 * The best and the worst training examples of a query, in one partition or in all.
 *
 * @param partition which partition; 0 for all
 * @param helpful the highest scores, highest first
 * @param harmful the lowest scores, lowest first
 */
@DefaultSerializer(JavaSerializer.class) // where Kryo is used: it cannot make records
record TopRows(int partition, List<Ranked> helpful, List<Ranked> harmful) implements Serializable {

    /**
     * A training example with its score.
     *
     * @param train id of the training example
     * @param score its score
     */
    record Ranked(long train, double score) implements Serializable {}

    /** Those of a partition, by the index of the query. */
    static List<Tuple2<Integer, TopRows>> of(int partition, int firstQuery, TopInfluences top) {
        List<Tuple2<Integer, TopRows>> rows = new ArrayList<>();
        for (int q = 0; q < top.queryIds().size(); q++) {
            rows.add(new Tuple2<>(
                    firstQuery + q,
                    new TopRows(
                            partition,
                            ranked(top.helpful().get(q)),
                            ranked(top.harmful().get(q)))));
        }
        return rows;
    }

    private static List<Ranked> ranked(List<Influence> influences) {
        return List.copyOf(influences.stream()
                .map(one -> new Ranked(one.trainId(), one.score()))
                .toList());
    }

    /** Those of all partitions, taken in order: of equal scores the first one stays. */
    static TopRows merged(Iterable<TopRows> parts, int k) {
        Ranking best = new Ranking(End.HIGHEST, k);
        Ranking worst = new Ranking(End.LOWEST, k);
        StreamSupport.stream(parts.spliterator(), false)
                .sorted(Comparator.comparingInt(TopRows::partition))
                .forEach(part -> {
                    part.helpful.forEach(one -> best.offer(one.train(), one.score()));
                    part.harmful.forEach(one -> worst.offer(one.train(), one.score()));
                });
        return new TopRows(0, List.copyOf(best.best(Ranked::new)), List.copyOf(worst.best(Ranked::new)));
    }
}
