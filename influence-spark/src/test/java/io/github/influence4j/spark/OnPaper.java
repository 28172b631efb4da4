package io.github.influence4j.spark;

import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.ekfac.plan.ClusterPlan;
import io.github.influence4j.ekfac.plan.ClusterPlanner;
import io.github.influence4j.ekfac.plan.ClusterShape;
import io.github.influence4j.ekfac.plan.DataShape;
import io.github.influence4j.ekfac.plan.MachineRate;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.linalg.MatrixBackends;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The MLP layers of a language model on 1,000 executors, as the planner sees them. */
record OnPaper(int width, int inner, int blocks) {

    static final OnPaper SMALL = new OnPaper(2_048, 8_192, 16);
    static final OnPaper LARGE = new OnPaper(8_192, 28_672, 80);

    private static final long SEQUENCES = 1_000_000_000;
    private static final int EXECUTORS = 1_000;
    private static final long LIMIT = 64_000_000_000L;

    private List<LayerSpec> layers(int count) {
        List<LayerSpec> layers = new ArrayList<>();
        for (int block = 0; block < count; block++) {
            layers.add(LayerSpec.tokens("gate" + block, width, inner).withoutBias());
            layers.add(LayerSpec.tokens("up" + block, width, inner).withoutBias());
            layers.add(LayerSpec.tokens("down" + block, inner, width).withoutBias());
        }
        return layers;
    }

    private static List<List<String>> reading(int count) {
        List<List<String>> reading = new ArrayList<>();
        for (int block = 0; block < count; block++) {
            reading.add(List.of("gate" + block, "up" + block));
        }
        return reading;
    }

    private ClusterPlan plan(int blocksOfCovariances) {
        try (MatrixBackend backend = MatrixBackends.named("openblas", Precision.FLOAT32)) {
            return new ClusterPlanner(backend, MachineRate.of(1_000))
                    .plan(
                            layers(blocks),
                            reading(blocks),
                            DataShape.of(SEQUENCES, 1).withPositions(512),
                            FitOptions.defaults().withMemoryLimit(LIMIT).withBlocks(blocksOfCovariances),
                            ScoreOptions.defaults().withRank(32),
                            ClusterShape.of(EXECUTORS, 16));
        }
    }

    private double bytesOfABlock() {
        List<LayerSpec> layers = layers(1);
        return new FactorMemory(Precision.FLOAT32, Strategy.EKFAC, 1, SharedInputs.of(reading(1), layers))
                .peakBytes(layers);
    }

    /** The cells of a column of the table, from its head to its foot. */
    List<String> column() {
        ClusterPlan plan = plan(1);
        double covariances = plan.stage("covariances").shuffledBytes() / (EXECUTORS + 1);
        double squares = plan.stage("eigenvalues").shuffledBytes() / (EXECUTORS + 1);
        double wide = (double) width * width + 2.0 * inner * inner;
        double tall = (double) width * width + (double) inner * inner;
        return List.of(
                sent(covariances),
                words(8 * wide) + " and " + words(8 * tall),
                words(EXECUTORS * covariances),
                words(plan.stage("covariances").heapBytes()),
                words(bytesOfABlock()),
                Integer.toString(plan.layerGroups()),
                Integer.toString(plan(8).layerGroups()),
                sent(squares),
                sent(plan.stage("eigenvalues").broadcastBytes()),
                words(plan.stage("preconditioned queries").broadcastBytes()),
                words(plan.stage("examples").shuffledBytes()));
    }

    /** With the time that 10 Gb/s take. */
    private static String sent(double bytes) {
        double seconds = bytes / 1.25e9;
        return words(bytes) + ", "
                + String.format(
                        Locale.ROOT, seconds < 120 ? "%.0f s" : "%.0f min", seconds < 120 ? seconds : seconds / 60);
    }

    private static String words(double bytes) {
        String[] units = {"MB", "GB", "TB", "PB"};
        int unit = 0;
        double size = bytes / 1e6;
        while (size >= 1000 && unit < units.length - 1) {
            size /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, size < 10 ? "%.1f %s" : "%.0f %s", size, units[unit]);
    }
}
