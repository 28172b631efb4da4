package io.github.influence4j.spark;

import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.SelfInfluence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/** Scores as rows of a table: ids, the score, and its parts by layer and token where they are asked for. */
final class ScoreRows {

    private ScoreRows() {}

    private static StructField column(String name, DataType type) {
        return DataTypes.createStructField(name, type, false);
    }

    /** Columns of scores. */
    static StructType schema(boolean queries, boolean ranks, boolean perLayer, boolean perToken) {
        List<StructField> columns = new ArrayList<>();
        if (queries) {
            columns.add(column("query", DataTypes.LongType));
        }
        columns.add(column("train", DataTypes.LongType));
        columns.add(column("score", DataTypes.DoubleType));
        if (ranks) {
            columns.add(column("end", DataTypes.StringType));
            columns.add(column("rank", DataTypes.IntegerType));
        }
        if (perLayer) {
            columns.add(column("layers", DataTypes.createMapType(DataTypes.StringType, DataTypes.DoubleType, false)));
        }
        if (perToken) {
            columns.add(column("tokens", DataTypes.createArrayType(DataTypes.DoubleType, false)));
        }
        if (perLayer && perToken) {
            columns.add(column(
                    "layer_tokens",
                    DataTypes.createMapType(
                            DataTypes.StringType, DataTypes.createArrayType(DataTypes.DoubleType, false), false)));
        }
        return DataTypes.createStructType(columns);
    }

    /** The rows of all pairs, made one at a time. */
    static Iterator<Row> of(InfluenceScores scores) {
        long[] queries = scores.queryIds();
        long[] train = scores.trainIds();
        return IntStream.range(0, queries.length)
                .boxed()
                .flatMap(q -> {
                    Map<String, double[]> layers = layers(scores, q);
                    return IntStream.range(0, train.length).mapToObj(z -> {
                        List<Object> row = new ArrayList<>(List.of(queries[q], train[z], scores.score(q, z)));
                        row.addAll(parts(scores, layers, q, z));
                        return RowFactory.create(row.toArray());
                    });
                })
                .iterator();
    }

    private static Map<String, double[]> layers(InfluenceScores scores, int query) {
        Map<String, double[]> layers = new HashMap<>();
        for (String layer : scores.layers()) {
            double[] row = new double[scores.trainIds().length];
            scores.layer(layer).read(query, 1, row, 0);
            layers.put(layer, row);
        }
        return layers;
    }

    /** The parts of a score that are asked for, as columns. */
    private static List<Object> parts(InfluenceScores scores, Map<String, double[]> layers, int query, int train) {
        List<Object> parts = new ArrayList<>();
        if (!layers.isEmpty()) {
            parts.add(CollectionConverters.asScala(ofExample(layers, train)));
        }
        if (scores.hasTokens()) {
            parts.add(sequence(scores.tokens(query, train)));
        }
        if (!scores.tokenLayers().isEmpty()) {
            Map<String, Object> both = new HashMap<>();
            scores.tokenLayers().forEach(layer -> both.put(layer, sequence(scores.tokens(layer, query, train))));
            parts.add(CollectionConverters.asScala(both));
        }
        return parts;
    }

    private static Object sequence(double[] numbers) {
        return CollectionConverters.asScala(Arrays.stream(numbers).boxed().toList())
                .toSeq();
    }

    private static Map<String, Double> ofExample(Map<String, double[]> layers, int train) {
        Map<String, Double> parts = new HashMap<>();
        layers.forEach((name, values) -> parts.put(name, values[train]));
        return parts;
    }

    static Iterator<Row> of(SelfInfluence scores) {
        long[] ids = scores.ids();
        double[] total = scores.scores();
        Map<String, double[]> layers = new HashMap<>();
        scores.layers().forEach(layer -> layers.put(layer, scores.layer(layer)));
        return IntStream.range(0, ids.length)
                .mapToObj(z -> {
                    List<Object> row = new ArrayList<>(List.of(ids[z], total[z]));
                    if (!layers.isEmpty()) {
                        row.add(CollectionConverters.asScala(ofExample(layers, z)));
                    }
                    return RowFactory.create(row.toArray());
                })
                .iterator();
    }
}
