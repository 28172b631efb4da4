package io.github.influence4j.spark;

import io.github.influence4j.api.Matrix;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import scala.Tuple2;

/** Puts the rows of summed matrices together again. */
final class UnitSums {

    private UnitSums() {}

    /** Takes records sorted by matrix and row; gives the matrices by name. */
    static Map<String, Matrix> gather(Iterator<Tuple2<SumKey, SumRows>> sorted) {
        Map<String, List<double[]>> blocks = new LinkedHashMap<>();
        Map<String, Integer> columns = new LinkedHashMap<>();
        while (sorted.hasNext()) {
            Tuple2<SumKey, SumRows> rows = sorted.next();
            blocks.computeIfAbsent(rows._1().matrix(), name -> new ArrayList<>())
                    .add(rows._2().numbers());
            columns.put(rows._1().matrix(), rows._2().columns());
        }
        Map<String, Matrix> matrices = new LinkedHashMap<>();
        blocks.forEach((name, numbers) -> matrices.put(name, SentMatrix.of(columns.getOrDefault(name, 0), numbers)));
        return matrices;
    }
}
