package io.github.influence4j.cli;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Objective;
import io.github.influence4j.store.captures.CaptureProvider;
import io.github.influence4j.store.captures.CaptureSet;
import io.github.influence4j.store.captures.CapturedExample;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Goes once through captures and says what is most likely wrong with them; memory is one example of a layer and 40 bytes an example. */
final class CaptureCheck {

    private static final int BATCH = 32;

    /** Between the gradients of a layer and those of the median layer. */
    private static final double EXPLODED = 1e6;

    private final CaptureSet set;
    private final Map<String, CheckedLayer> layers = new LinkedHashMap<>();
    private final ShardScales scales = new ShardScales();
    private final Map<Long, Long> seen = new HashMap<>();
    private final List<Finding> findings = new ArrayList<>();
    private int shortestTail = Integer.MAX_VALUE;
    private int longestTail;
    private long longestTailExample;

    private CaptureCheck(CaptureSet set) {
        this.set = set;
        set.layers().forEach(layer -> layers.put(layer.name(), new CheckedLayer(layer)));
    }

    static List<Finding> of(CaptureSet set) {
        CaptureCheck check = new CaptureCheck(set);
        CaptureProvider provider = CaptureProvider.of(set);
        for (CaptureSet shard : set.shards()) {
            for (ExampleBatch<CapturedExample> batch : shard.batches(BATCH)) {
                check.add(provider, batch, Math.toIntExact(shard.size()));
            }
        }
        return check.findings();
    }

    /** What is known of each example of a batch once all its layers were seen. */
    private static final class Examples {
        private final double[] squares;
        private final int[] tails;
        private final int[] positions;
        private final List<MessageDigest> inputs = new ArrayList<>();

        Examples(int count) {
            squares = new double[count];
            positions = new int[count];
            tails = new int[count];
            Arrays.fill(tails, Integer.MAX_VALUE);
            for (int e = 0; e < count; e++) {
                inputs.add(sha256());
            }
        }
    }

    private void add(CaptureProvider provider, ExampleBatch<CapturedExample> batch, int shardSize) {
        long[] ids = batch.ids();
        Examples examples = new Examples(ids.length);
        provider.capture(batch, objective(), provider.layers(), capture -> addLayer(capture, ids, examples, shardSize));
        for (int e = 0; e < ids.length; e++) {
            scales.add(shardSize, examples.positions[e], examples.squares[e]);
            if (examples.tails[e] != Integer.MAX_VALUE) {
                shortestTail = Math.min(shortestTail, examples.tails[e]);
                if (examples.tails[e] > longestTail) {
                    longestTail = examples.tails[e];
                    longestTailExample = ids[e];
                }
            }
            // 64 bits of a digest meet by chance once in 10^19 pairs
            Long before = seen.putIfAbsent(
                    ByteBuffer.wrap(examples.inputs.get(e).digest()).getLong(), ids[e]);
            if (before != null && Math.floorDiv(before, set.draws()) != Math.floorDiv(ids[e], set.draws())) {
                findings.add(new Finding(
                        "example twice",
                        Optional.empty(),
                        Optional.of(ids[e]),
                        "its inputs are those of example " + before + ", at every layer",
                        "export each example once; if the data do repeat it, it counts twice, as it should"));
            }
        }
    }

    private Objective objective() {
        return switch (set.objective()) {
            case SAMPLED -> new Objective.SampledLabels(0, 0);
            case TRAINING -> new Objective.TrainingLoss();
            case MEASUREMENT -> new Objective.Measurement();
        };
    }

    private void addLayer(LayerCapture capture, long[] ids, Examples examples, int shardSize) {
        LayerSpec layer = capture.layer();
        int t = capture.positions();
        double[] a = new double[Math.multiplyExact(t, layer.inputs())];
        double[] g = new double[Math.multiplyExact(t, layer.outputs())];
        boolean[] real = new boolean[t];
        CheckedLayer checked = Objects.requireNonNull(layers.get(layer.name()));
        for (int e = 0; e < ids.length; e++) {
            capture.activations().read(e * t, t, a, 0);
            capture.outputGradients().read(e * t, t, g, 0);
            for (int p = 0; p < t; p++) {
                real[p] = capture.mask().isReal(e * t + p);
            }
            examples.squares[e] += checked.add(ids[e], shardSize, capture.uses(), a, g, real);
            examples.positions[e] = Math.max(examples.positions[e], t);
            ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(a.length, Double.BYTES));
            bytes.asDoubleBuffer().put(a);
            examples.inputs.get(e).update(bytes);
            boolean tokens = layer.positions() == Positions.TOKENS
                    && t > 1
                    && capture.uses() == 1
                    && set.rank().isEmpty();
            if (tokens && capture.mask().isNone()) {
                examples.tails[e] = Math.min(examples.tails[e], tail(g, layer.outputs()));
            }
        }
    }

    /** Positions at the end whose gradients are 0. */
    private static int tail(double[] g, int outputs) {
        int end = g.length;
        while (end > 0 && g[end - 1] == 0) {
            end--;
        }
        return (g.length - end) / outputs;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    private List<Finding> findings() {
        List<Finding> all = new ArrayList<>();
        layers.values().forEach(layer -> all.addAll(layer.findings(set.objective())));
        addExploded(all);
        if (longestTail >= 2 && shortestTail < longestTail) {
            all.add(new Finding(
                    "unmasked padding",
                    Optional.empty(),
                    Optional.of(longestTailExample),
                    "its last " + longestTail
                            + " positions have no gradient at any layer, other examples have fewer such, and there"
                            + " is no mask",
                    "write a mask that is 0 at padding, if this is padding"));
        }
        boolean averaged = all.stream().anyMatch(finding -> finding.kind().equals("averaged loss"));
        if (!averaged) {
            scales.finding().ifPresent(all::add);
        }
        all.addAll(findings);
        return all;
    }

    private void addExploded(List<Finding> all) {
        double[] sizes = layers.values().stream()
                .mapToDouble(CheckedLayer::gradientSize)
                .filter(size -> size > 0 && Double.isFinite(size))
                .sorted()
                .toArray();
        if (sizes.length < 3) {
            return;
        }
        double median = sizes[sizes.length / 2];
        for (CheckedLayer layer : layers.values()) {
            if (Double.isFinite(layer.gradientSize()) && layer.gradientSize() > EXPLODED * median) {
                all.add(Finding.of(
                        "exploding layer",
                        layer.name(),
                        layer.largestExample(),
                        "its gradients are " + TensorSummary.number(layer.gradientSize() / median)
                                + " times those of the median layer",
                        "look at this example's loss, and at a loss scaler that was not taken back"));
            }
        }
    }
}
