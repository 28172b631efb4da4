package io.github.influence4j.examples.validation;

import io.github.influence4j.models.LabelledExample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.commons.math3.stat.StatUtils;

/**
 * A data set cut into 70 % to learn from, 20 % set aside and 10 % to ask about, standardised by what is learnt from.
 *
 * @param train to learn from
 * @param aside in no table; options are chosen by it
 * @param test to ask about
 */
record BedSplit(List<LabelledExample> train, List<LabelledExample> aside, List<LabelledExample> test) {

    private static final double TRAIN = 0.7;
    private static final double TEST = 0.1;

    /**
     * Draws a split of rows whose last number is the target. Equal rows stay on the same side.
     *
     * @param classes whether the target is a class, which is not standardised
     */
    static BedSplit draw(List<double[]> rows, boolean classes, long seed) {
        Map<List<Double>, List<double[]>> equal = new LinkedHashMap<>();
        for (double[] row : rows) {
            equal.computeIfAbsent(Arrays.stream(row).boxed().toList(), key -> new ArrayList<>())
                    .add(row);
        }
        List<List<double[]>> groups = new ArrayList<>(equal.values());
        Collections.shuffle(groups, new Random(seed));
        int trainGroups = (int) Math.round(TRAIN * groups.size());
        int testGroups = (int) Math.round(TEST * groups.size());
        List<double[]> train = flat(groups.subList(0, trainGroups));
        List<double[]> aside = flat(groups.subList(trainGroups, groups.size() - testGroups));
        List<double[]> test = flat(groups.subList(groups.size() - testGroups, groups.size()));
        int columns = rows.get(0).length;
        double[] mean = new double[columns];
        double[] deviation = new double[columns];
        for (int c = 0; c < columns; c++) {
            int column = c;
            double[] values = train.stream().mapToDouble(row -> row[column]).toArray();
            boolean keep = classes && c == columns - 1;
            mean[c] = keep ? 0 : StatUtils.mean(values);
            double spread = Math.sqrt(StatUtils.populationVariance(values));
            // a pixel that never changes stays 0
            deviation[c] = keep || spread == 0 ? 1 : spread;
        }
        return new BedSplit(
                standardised(train, mean, deviation),
                standardised(aside, mean, deviation),
                standardised(test, mean, deviation));
    }

    private static List<double[]> flat(Collection<List<double[]>> groups) {
        return groups.stream().flatMap(List::stream).toList();
    }

    private static List<LabelledExample> standardised(List<double[]> rows, double[] mean, double[] deviation) {
        List<LabelledExample> examples = new ArrayList<>();
        int features = mean.length - 1;
        for (double[] row : rows) {
            double[] scaled = new double[mean.length];
            Arrays.setAll(scaled, c -> (row[c] - mean[c]) / deviation[c]);
            examples.add(new LabelledExample(Arrays.copyOf(scaled, features), new double[] {scaled[features]}));
        }
        return examples;
    }
}
