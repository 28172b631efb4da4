package io.github.influence4j.testkit;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;

/** Takes the captures of one batch and judges each; what it finds comes back even if the host swallows it. */
final class JudgingSink implements CaptureSink {

    private final List<LayerSpec> wanted;
    private final int examples;
    private final Map<LayerSpec, List<ExampleCaptures>> captures = new LinkedHashMap<>();
    private boolean over;
    private @Nullable AssertionError failure;

    JudgingSink(ExampleBatch<?> batch, List<LayerSpec> wanted) {
        this.wanted = wanted;
        this.examples = batch.size();
    }

    @Override
    public synchronized void accept(LayerCapture capture) {
        try {
            judge(capture);
        } catch (AssertionError e) {
            failure = failure == null ? e : failure;
            throw e;
        }
    }

    private void judge(LayerCapture capture) {
        if (capture == null) {
            throw new AssertionError(
                    "layer " + ExampleCaptures.names(wanted) + ": null was pushed in place of a capture");
        }
        LayerSpec layer = capture.layer();
        String name = "layer " + layer.name();
        if (over) {
            Assertions.fail(
                    name + ": was pushed to the sink of an earlier batch: push every layer before capture() returns, "
                            + "to the sink of that call");
        }
        if (!wanted.contains(layer)) {
            boolean known = wanted.stream().anyMatch(other -> other.name().equals(layer.name()));
            Assertions.fail(
                    known
                            ? name + ": was captured as " + layer + ", which layers() announced otherwise"
                            : name + " was captured but not asked for; asked for " + ExampleCaptures.names(wanted));
        }
        if (capture.examples() != examples) {
            Assertions.fail(name + ": the capture has " + capture.examples() + " examples, the batch " + examples);
        }
        List<ExampleCaptures> split = ExampleCaptures.split(capture);
        for (ExampleCaptures example : split) {
            requireFinite(name, "inputs", example.inputs());
            requireFinite(name, "output gradients", example.outputGradients());
        }
        if (captures.put(layer, split) != null) {
            Assertions.fail(name + " came twice in one batch: a layer that the model runs several "
                    + "times gives one capture, its uses one after the other (LayerCapture.withUses)");
        }
    }

    private static void requireFinite(String name, String what, double[][] rows) {
        for (double[] row : rows) {
            for (double number : row) {
                if (!Double.isFinite(number)) {
                    Assertions.fail(
                            name + ": " + what + " hold " + number + ": does the loss or an activation overflow?");
                }
            }
        }
    }

    /** Ends the batch and gives, for each layer that is wanted, in that order, one entry an example. */
    synchronized List<List<ExampleCaptures>> end() {
        over = true;
        if (failure != null) {
            throw failure;
        }
        List<List<ExampleCaptures>> inOrder = new ArrayList<>();
        for (LayerSpec layer : wanted) {
            List<ExampleCaptures> ofLayer = captures.get(layer);
            if (ofLayer == null) {
                throw new AssertionError(
                        "layer " + layer.name() + " did not come: trace it, or leave it out of layers()");
            }
            inOrder.add(ofLayer);
        }
        return inOrder;
    }

    /** What was found before the host threw an exception of its own, if anything was. */
    synchronized void endAfter(Throwable thrown) {
        over = true;
        if (failure != null && failure != thrown) {
            failure.addSuppressed(thrown);
            throw failure;
        }
    }
}
