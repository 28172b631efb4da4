package io.github.influence4j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.influence4j.api.Influence;
import io.github.influence4j.api.InfluenceScores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;

/** Scores in lines that a cluster wrote, compared with those of one JVM. */
record SubjectScores(Path results, OneJvm expected) {

    private List<String[]> rows(String name) throws IOException {
        return Files.readAllLines(results.resolve(name)).stream()
                .map(line -> line.split(","))
                .toList();
    }

    /** The largest score of a query, of which differences are parts. */
    private double scale(int query) {
        return Arrays.stream(expected.pairwise().row(query))
                .map(Math::abs)
                .max()
                .orElseThrow();
    }

    private static double larger(double one, double other) {
        // NaN stays
        return one >= other ? one : other;
    }

    /** The largest difference of any kind of score, of the largest that the query has or, by Cauchy and Schwarz, may have. */
    double difference() throws IOException {
        double most = Arrays.stream(expected.self().scores()).max().orElseThrow();
        return larger(larger(pairs(), top()), self(score -> Math.sqrt(score * most)));
    }

    /** The largest difference of a self-influence, of itself. */
    double selfDifference() throws IOException {
        return self(score -> score);
    }

    private double pairs() throws IOException {
        InfluenceScores scores = expected.pairwise();
        Map<String, Double> found = new HashMap<>();
        rows("pairwise").forEach(row -> found.put(row[0] + "," + row[1], Double.valueOf(row[2])));
        assertEquals(scores.queryIds().length * scores.trainIds().length, found.size());
        double largest = 0;
        for (int q = 0; q < scores.queryIds().length; q++) {
            for (int z = 0; z < scores.trainIds().length; z++) {
                String pair = scores.queryIds()[q] + "," + scores.trainIds()[z];
                double score = Objects.requireNonNull(found.get(pair));
                largest = larger(largest, Math.abs(scores.score(q, z) - score) / scale(q));
            }
        }
        return largest;
    }

    /** Examples whose scores are equal but for rounding may change places. */
    private double top() throws IOException {
        List<String[]> rows = rows("top");
        InfluenceScores scores = expected.pairwise();
        List<Long> train = Arrays.stream(scores.trainIds()).boxed().toList();
        int next = 0;
        double largest = 0;
        for (int q = 0; q < expected.top().queryIds().size(); q++) {
            for (List<Influence> kept : List.of(
                    expected.top().helpful().get(q), expected.top().harmful().get(q))) {
                for (Influence one : kept) {
                    String[] row = rows.get(next++);
                    assertEquals(expected.top().queryIds().get(q), Long.valueOf(row[0]));
                    double found = Double.parseDouble(row[2]);
                    double own = scores.score(q, train.indexOf(Long.valueOf(row[1])));
                    largest = larger(largest, Math.abs(one.score() - found) / scale(q));
                    largest = larger(largest, Math.abs(own - found) / scale(q));
                }
            }
        }
        assertEquals(next, rows.size());
        return largest;
    }

    private double self(DoubleUnaryOperator scale) throws IOException {
        List<String[]> rows = rows("self");
        assertEquals(expected.self().ids().length, rows.size());
        double largest = 0;
        for (int z = 0; z < rows.size(); z++) {
            double score = expected.self().scores()[z];
            assertEquals(expected.self().ids()[z], Long.parseLong(rows.get(z)[0]));
            largest =
                    larger(largest, Math.abs(score - Double.parseDouble(rows.get(z)[1])) / scale.applyAsDouble(score));
        }
        return largest;
    }
}
