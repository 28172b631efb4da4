package io.github.influence4j.testkit;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.testkit.TokenNetwork.Defect;
import io.github.influence4j.testkit.TokenNetwork.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** A right network whose provider or data set behaves badly. */
final class IllMannered implements HostModel<Sequence>, GradientProvider<Sequence> {

    enum Manner {
        HONEST,
        FROM_SEVERAL_THREADS,
        PUSHES_NULL,
        PUSHES_AN_UNKNOWN_LAYER,
        PUSHES_ANOTHER_WIDTH,
        PUSHES_TOO_FEW_EXAMPLES,
        PUSHES_NAN,
        SWALLOWS_EXCEPTIONS,
        SWALLOWS_EVERYTHING_AND_PUSHES_TWICE,
        PUSHES_TO_AN_OLD_SINK,
        CHANGES_IDS,
        LAYERS_CHANGE,
        LAYERS_ARE_NULL,
        FINGERPRINT_IS_NULL,
        FINGERPRINT_CHANGES,
        SAYS_TOO_FEW_POSITIONS,
        SAYS_NO_POSITIONS,
        SAYS_A_LAYER_SHARES_WITH_ITSELF,
        SAYS_OTHER_INPUTS_ARE_ONE,
        SAYS_NULL_IS_SHARED,
        SAYS_AN_UNKNOWN_LAYER_SHARES,
        SOURCE_REPEATS_AN_ID,
        SOURCE_ANNOUNCES_MORE,
        SOURCE_ANNOUNCES_FEWER,
        SOURCE_GIVES_LARGER_BATCHES,
        SOURCE_CHANGES_ITS_ORDER
    }

    private final TokenNetwork network = new TokenNetwork(Defect.NONE, true);
    private final Manner manner;
    private @Nullable CaptureSink before;
    private int asked;

    IllMannered(Manner manner) {
        this.manner = manner;
    }

    @Override
    public GradientProvider<Sequence> provider() {
        return this;
    }

    @Override
    @SuppressWarnings("NullAway") // some answer null
    public List<LayerSpec> layers() {
        if (manner == Manner.LAYERS_ARE_NULL) {
            return null;
        }
        List<LayerSpec> layers = new ArrayList<>(network.layers());
        if (manner == Manner.LAYERS_CHANGE && asked++ % 2 == 1) {
            Collections.reverse(layers);
        }
        return layers;
    }

    @Override
    @SuppressWarnings("NullAway") // some answer null
    public Optional<String> fingerprint() {
        return manner == Manner.FINGERPRINT_IS_NULL
                ? null
                : Optional.of(manner == Manner.FINGERPRINT_CHANGES ? "weights " + asked++ : "weights");
    }

    @Override
    @SuppressWarnings("NullAway") // some push null
    public void capture(ExampleBatch<Sequence> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        List<LayerCapture> captures = new ArrayList<>();
        network.capture(batch, objective, wanted, captures::add);
        switch (manner) {
            case PUSHES_NULL -> sink.accept(null);
            case PUSHES_AN_UNKNOWN_LAYER -> sink.accept(renamed(captures.get(0), LayerSpec.tokens("fc9", 3, 4)));
            case PUSHES_ANOTHER_WIDTH -> sink.accept(widened(captures.get(0)));
            case PUSHES_TOO_FEW_EXAMPLES -> sink.accept(shortened(captures.get(0)));
            case PUSHES_NAN -> sink.accept(spoilt(captures.get(0)));
            case FROM_SEVERAL_THREADS ->
                captures.stream()
                        .map(capture -> CompletableFuture.runAsync(() -> sink.accept(capture)))
                        .toList()
                        .forEach(CompletableFuture::join);
            case SWALLOWS_EXCEPTIONS -> captures.forEach(capture -> swallowing(() -> sink.accept(capture)));
            case SWALLOWS_EVERYTHING_AND_PUSHES_TWICE ->
                captures.forEach(capture -> {
                    swallowing(() -> sink.accept(capture));
                    swallowing(() -> sink.accept(capture));
                });
            case PUSHES_TO_AN_OLD_SINK -> {
                if (before != null) {
                    before.accept(captures.get(0));
                }
                before = sink;
                captures.forEach(sink::accept);
            }
            case CHANGES_IDS -> {
                captures.forEach(sink::accept);
                batch.ids()[0] = -7;
            }
            default -> captures.forEach(sink::accept);
        }
    }

    @Override
    public int positions(Sequence example) {
        return manner == Manner.SAYS_NO_POSITIONS
                ? 0
                : example.tokens().length - (manner == Manner.SAYS_TOO_FEW_POSITIONS ? 1 : 0);
    }

    @Override
    @SuppressWarnings("NullAway") // some answer null
    public List<List<String>> sharedInputs() {
        return switch (manner) {
            case SAYS_A_LAYER_SHARES_WITH_ITSELF -> List.of(List.of("fc1"), List.of("fc2"));
            case SAYS_OTHER_INPUTS_ARE_ONE -> List.of(List.of("fc1", "fc2"));
            case SAYS_AN_UNKNOWN_LAYER_SHARES -> List.of(List.of("fc1", "fc9"));
            case SAYS_NULL_IS_SHARED -> null;
            default -> List.of();
        };
    }

    private static void swallowing(Runnable push) {
        try {
            push.run();
        } catch (RuntimeException | Error e) {
            // as some hosts do, which log it and go on
        }
    }

    private static LayerCapture renamed(LayerCapture capture, LayerSpec layer) {
        return LayerCapture.of(
                layer, capture.examples(), capture.positions(), capture.activations(), capture.outputGradients());
    }

    private static LayerCapture widened(LayerCapture capture) {
        LayerSpec layer = capture.layer();
        double[][] inputs = Arrays.stream(capture.activations().toArray())
                .map(row -> Arrays.copyOf(row, row.length + 1))
                .toArray(double[][]::new);
        return LayerCapture.of(
                LayerSpec.tokens(layer.name(), layer.inputs() + 1, layer.outputs()),
                capture.examples(),
                capture.positions(),
                Matrix.of(inputs),
                capture.outputGradients());
    }

    private static LayerCapture shortened(LayerCapture capture) {
        int rows = capture.rows() - capture.positions();
        return LayerCapture.of(
                capture.layer(),
                capture.examples() - 1,
                capture.positions(),
                Matrix.of(Arrays.copyOf(capture.activations().toArray(), rows)),
                Matrix.of(Arrays.copyOf(capture.outputGradients().toArray(), rows)));
    }

    private static LayerCapture spoilt(LayerCapture capture) {
        double[][] gradients = capture.outputGradients().toArray();
        gradients[0][0] = Double.NaN;
        return LayerCapture.of(
                capture.layer(), capture.examples(), capture.positions(), capture.activations(), Matrix.of(gradients));
    }

    @Override
    public ExampleSource<Sequence> examples() {
        ExampleSource<Sequence> right = network.examples();
        return new ExampleSource<>() {
            private int passes;

            @Override
            public long size() {
                return right.size()
                        + (manner == Manner.SOURCE_ANNOUNCES_MORE ? 1 : 0)
                        - (manner == Manner.SOURCE_ANNOUNCES_FEWER ? 1 : 0);
            }

            @Override
            public Iterable<ExampleBatch<Sequence>> batches(int batchSize) {
                passes++;
                if (manner == Manner.SOURCE_GIVES_LARGER_BATCHES) {
                    return right.batches(Math.toIntExact(right.size()));
                }
                List<Sequence> all = new ArrayList<>();
                right.batches(1).forEach(one -> all.addAll(one.examples()));
                long[] ids = LongStream.range(0, all.size()).toArray();
                if (manner == Manner.SOURCE_CHANGES_ITS_ORDER && passes > 1) {
                    Arrays.setAll(ids, e -> ids.length - 1 - e);
                }
                List<ExampleBatch<Sequence>> batches = new ArrayList<>();
                for (int from = 0; from < ids.length; from += batchSize) {
                    int to = Math.min(ids.length, from + batchSize);
                    long[] own = Arrays.copyOfRange(ids, from, to);
                    if (manner == Manner.SOURCE_REPEATS_AN_ID && to == ids.length) {
                        own[own.length - 1] = 0;
                    }
                    batches.add(new ExampleBatch<>(all.subList(from, to), own));
                }
                return batches;
            }
        };
    }

    @Override
    public double[] losses(List<Sequence> examples) {
        return network.losses(examples);
    }

    @Override
    public double[][] weights(LayerSpec layer) {
        return network.weights(layer);
    }

    @Override
    public void setWeights(LayerSpec layer, double[][] weights) {
        network.setWeights(layer, weights);
    }

    @Override
    public Prediction prediction(Sequence example) {
        return network.prediction(example);
    }

    @Override
    public Precision precision() {
        return network.precision();
    }
}
