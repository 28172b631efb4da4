package io.github.influence4j.benchmarks;

import static io.github.influence4j.benchmarks.Activation.RELU;
import static io.github.influence4j.benchmarks.Activation.SQUARE;

import io.github.influence4j.api.LayerSpec;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The work that is measured: EK-FAC factors and scores of a stack of dense layers with bias and an activation between them,
 * applied at every position, on random data.
 *
 * @param name by which it is asked for
 * @param widths inputs of the first layer, then the outputs of each
 * @param positions t
 * @param train number of training examples
 * @param queries number of queries
 * @param activation between the layers
 * @param loss at the outputs
 * @param batchSize training examples per batch of this library
 * @param peerBatchSize training examples per batch of kronfluence, the best found for it
 * @param lowRank whether scores of queries of rank {@value #RANK} are timed too
 */
record Workload(
        String name,
        List<Integer> widths,
        int positions,
        int train,
        int queries,
        Activation activation,
        Loss loss,
        int batchSize,
        int peerBatchSize,
        boolean lowRank) {

    /** Of queries that are cut. */
    static final int RANK = 32;

    private static final List<Workload> KNOWN = List.of(
            new Workload("mlp", List.of(784, 256, 128, 10), 1, 5000, 100, RELU, Loss.CROSS_ENTROPY, 1000, 500, false),
            new Workload(
                    "token-mlp",
                    List.of(128, 512, 128, 512, 128, 256),
                    64,
                    1000,
                    16,
                    RELU,
                    Loss.CROSS_ENTROPY,
                    64,
                    100,
                    false),
            new Workload("gpt2-block", List.of(768, 3072, 768), 128, 64, 16, RELU, Loss.SQUARED_ERROR, 32, 16, false),
            new Workload("gpt2-gpu", List.of(768, 3072, 768), 128, 1024, 16, SQUARE, Loss.SQUARED_ERROR, 128, 64, true),
            // small enough for tests
            new Workload("tiny-mlp", List.of(7, 6, 4), 1, 60, 5, RELU, Loss.CROSS_ENTROPY, 16, 20, false),
            new Workload("tiny-tokens", List.of(5, 6, 4), 3, 50, 4, RELU, Loss.SQUARED_ERROR, 16, 20, false),
            new Workload("tiny-square", List.of(5, 6, 4), 3, 50, 4, SQUARE, Loss.SQUARED_ERROR, 16, 20, true));

    Workload {
        widths = List.copyOf(widths);
    }

    /**
     * Finds a workload.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    static Workload named(String name) {
        return KNOWN.stream()
                .filter(workload -> workload.name.equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no workload '" + name + "'; there are: "
                        + KNOWN.stream().map(Workload::name).collect(Collectors.joining(", "))));
    }

    Workload withBatchSizes(int own, int peer) {
        return new Workload(name, widths, positions, train, queries, activation, loss, own, peer, lowRank);
    }

    /** What is timed. */
    Set<Stage> stages() {
        return lowRank ? EnumSet.allOf(Stage.class) : Stage.PIPELINE;
    }

    /** The layers, first to last. */
    List<LayerSpec> layers() {
        List<LayerSpec> layers = new ArrayList<>();
        for (int l = 0; l + 1 < widths.size(); l++) {
            String layer = "linear" + l;
            layers.add(
                    positions == 1
                            ? LayerSpec.dense(layer, widths.get(l), widths.get(l + 1))
                            : LayerSpec.tokens(layer, widths.get(l), widths.get(l + 1)));
        }
        return layers;
    }

    int inputs() {
        return widths.get(0);
    }

    int outputs() {
        return widths.get(widths.size() - 1);
    }
}
