package io.github.influence4j.ekfac.broken;

import static io.github.influence4j.ekfac.broken.Lie.refused;
import static io.github.influence4j.ekfac.broken.Lie.right;
import static io.github.influence4j.ekfac.broken.Lie.thrown;
import static io.github.influence4j.ekfac.broken.ScriptedHost.LAYERS;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.TestBackends;
import io.github.influence4j.ekfac.broken.Lie.Attempt;
import io.github.influence4j.ekfac.broken.ScriptedHost.Script;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/** The ways in which a gradient provider can lie. */
final class LyingHosts {

    private static final LayerSpec A = LAYERS.get(0);
    private static final LayerSpec B = LAYERS.get(1);

    private LyingHosts() {}

    static List<Lie> all() {
        List<Lie> lies = new ArrayList<>();
        lies.addAll(captures());
        lies.addAll(order());
        lies.addAll(layers());
        lies.addAll(identity());
        return lies;
    }

    private static List<Lie> captures() {
        return List.of(
                thrown("throws in the middle of a batch", later((host, batch, objective, sink) -> {
                    sink.accept(host.capture(A, batch, objective));
                    throw new IllegalStateException("trouble of the host");
                })),
                thrown("throws an Error in the middle of a batch", later((host, batch, objective, sink) -> {
                    sink.accept(host.capture(A, batch, objective));
                    throw new AssertionError("trouble of the host");
                })),
                refused(
                        "leaves out layers",
                        "layer b: missing",
                        later((host, batch, objective, sink) -> sink.accept(host.capture(A, batch, objective)))),
                refused("pushes nothing", "layer a: missing", later((host, batch, objective, sink) -> {})),
                refused("pushes a layer twice", "layer a: captured twice", later((host, batch, objective, sink) -> {
                    host.pushAll(batch, objective, sink);
                    sink.accept(host.capture(A, batch, objective));
                })),
                refused(
                        "pushes a layer that nobody asked for",
                        "layer z: captured but not asked for",
                        later((host, batch, objective, sink) ->
                                sink.accept(host.capture(LayerSpec.dense("z", 2, 2), batch, objective)))),
                refused(
                        "gives a layer another width",
                        "layer a: announced as",
                        later((host, batch, objective, sink) ->
                                sink.accept(host.capture(LayerSpec.dense("a", 7, 5), batch, objective)))),
                refused("captures one example too few", "was captured with", later((host, batch, objective, sink) -> {
                    LayerCapture all = host.capture(A, batch, objective);
                    sink.accept(LayerCapture.of(A, less(all.activations()), less(all.outputGradients())));
                })),
                refused("pushes null", "null in place of a capture", later(LyingHosts::pushNull)),
                refused(
                        "gives a gradient that is infinite",
                        "Infinity",
                        later((host, batch, objective, sink) ->
                                sink.accept(spoilt(host.capture(A, batch, objective), Double.POSITIVE_INFINITY)))),
                refused(
                        "gives an activation that is NaN in one of its reads",
                        "changed while they were read",
                        later((host, batch, objective, sink) -> {
                            LayerCapture whole = host.capture(A, batch, objective);
                            AtomicInteger reads = new AtomicInteger();
                            sink.accept(LayerCapture.of(
                                    A,
                                    new WatchedMatrix(whole.activations(), (row, numbers) -> {
                                        if (reads.getAndIncrement() == 0) {
                                            numbers[0] = Double.NaN;
                                        }
                                    }),
                                    whole.outputGradients()));
                        })),
                thrown("throws while its matrix is read", later((host, batch, objective, sink) -> {
                    LayerCapture whole = host.capture(A, batch, objective);
                    sink.accept(LayerCapture.of(
                            A,
                            new WatchedMatrix(whole.activations(), (row, numbers) -> {
                                throw new IllegalStateException("trouble of the host");
                            }),
                            whole.outputGradients()));
                })));
    }

    private static List<Lie> order() {
        AtomicReference<CaptureSink> kept = new AtomicReference<>();
        return List.of(
                right("pushes layers in reverse order", always((host, batch, objective, sink) -> {
                    for (int l = LAYERS.size() - 1; l >= 0; l--) {
                        sink.accept(host.capture(LAYERS.get(l), batch, objective));
                    }
                })),
                right("overwrites its memory when a layer was accepted", always(LyingHosts::reuse)),
                right("pushes from another thread", always((host, batch, objective, sink) -> CompletableFuture.runAsync(
                                () -> host.pushAll(batch, objective, sink))
                        .join())),
                right("pushes from several threads at once", always((host, batch, objective, sink) -> LAYERS.stream()
                        .map(layer ->
                                CompletableFuture.runAsync(() -> sink.accept(host.capture(layer, batch, objective))))
                        .toList()
                        .forEach(CompletableFuture::join))),
                refused(
                        "swallows the exception of a layer that is NaN",
                        "NaN",
                        later((host, batch, objective, sink) -> LAYERS.forEach(layer -> {
                            LayerCapture capture = host.capture(layer, batch, objective);
                            swallowing(() -> sink.accept(layer == A ? spoilt(capture, Double.NaN) : capture));
                        }))),
                refused(
                        "swallows the exception in another thread",
                        "NaN",
                        later((host, batch, objective, sink) ->
                                LAYERS.forEach(layer -> CompletableFuture.runAsync(() -> {
                                            LayerCapture capture = host.capture(layer, batch, objective);
                                            swallowing(() ->
                                                    sink.accept(layer == A ? spoilt(capture, Double.NaN) : capture));
                                        })
                                        .join()))),
                refused(
                        "swallows the exception of a layer that came twice",
                        "captured twice",
                        later((host, batch, objective, sink) -> {
                            host.pushAll(batch, objective, sink);
                            swallowing(() -> sink.accept(host.capture(A, batch, objective)));
                        })),
                refused(
                        "throws another exception after a refused layer",
                        "NaN",
                        later((host, batch, objective, sink) -> {
                            swallowing(() -> sink.accept(spoilt(host.capture(A, batch, objective), Double.NaN)));
                            throw new IllegalStateException("something followed");
                        })),
                refused(
                        "pushes to the sink of an earlier batch",
                        "after its batch was over",
                        always((host, batch, objective, sink) -> {
                            CaptureSink before = kept.getAndSet(sink);
                            if (before != null) {
                                before.accept(host.capture(A, batch, objective));
                            }
                            host.pushAll(batch, objective, sink);
                        })),
                refused(
                        "pushes a layer while another is read",
                        "while another was being read",
                        later((host, batch, objective, sink) -> {
                            LayerCapture whole = host.capture(A, batch, objective);
                            sink.accept(LayerCapture.of(
                                    A,
                                    new WatchedMatrix(
                                            whole.activations(),
                                            (row, numbers) -> sink.accept(host.capture(B, batch, objective))),
                                    whole.outputGradients()));
                        })),
                right("fits and scores another model inside a capture", always((host, batch, objective, sink) -> {
                    Attempt inner = Attempt.of(ScriptedHost.honest());
                    try (FittedCurvature<Integer> other =
                            Ekfac.on(TestBackends.EJML).fit(inner.model(), inner.fit())) {
                        other.damped(Damping.DEFAULT).selfInfluence(inner.train());
                    }
                    host.pushAll(batch, objective, sink);
                })),
                refused("changes the ids of its batch", "changed the ids", later((host, batch, objective, sink) -> {
                    host.pushAll(batch, objective, sink);
                    batch.ids()[0] = -7;
                })));
    }

    private static List<Lie> layers() {
        List<LayerSpec> cleared = new ArrayList<>(LAYERS);
        return List.of(
                refused(
                        "says that an example has no positions",
                        "it must be 1 or more",
                        () -> Attempt.of(ScriptedHost.honest().withPositions(0))),
                right(
                        "says that an example has more positions than it has",
                        () -> Attempt.of(ScriptedHost.honest().withPositions(1 << 20))),
                refused(
                        "has no layers",
                        "no layers",
                        () -> Attempt.of(ScriptedHost.honest().withLayers(List::of))),
                refused(
                        "gives null for its layers",
                        "layers() gave null",
                        () -> Attempt.of(ScriptedHost.honest().withLayers(LyingHosts::nothing))),
                refused(
                        "has two layers of one name",
                        "two layers named a",
                        () -> Attempt.of(ScriptedHost.honest().withLayers(() -> List.of(A, A)))),
                refused(
                        "gives other layers when it is scored",
                        "layers",
                        () -> Attempt.of(ScriptedHost.honest()
                                .withLayers(new Changing<>(
                                        LAYERS, List.of(LayerSpec.dense("x", 6, 5), LayerSpec.dense("y", 5, 4)))))),
                refused(
                        "gives its layers in another order when it is scored",
                        "layers",
                        () -> Attempt.of(ScriptedHost.honest()
                                .withLayers(new Changing<>(LAYERS, List.of(B, A, LAYERS.get(2)))))),
                refused(
                        "clears its list of layers during the fit",
                        "no layers",
                        () -> Attempt.of(clearing(cleared).withLayers(() -> cleared))));
    }

    private static List<Lie> identity() {
        return List.of(
                thrown(
                        "throws when asked for its fingerprint",
                        () -> Attempt.of(ScriptedHost.honest().withFingerprint(() -> {
                            throw new IllegalStateException("trouble of the host");
                        }))),
                refused(
                        "gives null for its fingerprint",
                        "fingerprint() gave null",
                        () -> Attempt.of(ScriptedHost.honest().withFingerprint(LyingHosts::nothing))),
                refused(
                        "is another model when it is scored",
                        "the curvature was fitted to the model one",
                        () -> Attempt.of(ScriptedHost.honest()
                                .withFingerprint(new Changing<>(Optional.of("one"), Optional.of("two"))))));
    }

    private static ScriptedHost clearing(List<LayerSpec> layers) {
        return ScriptedHost.later((host, batch, objective, sink) -> {
            host.pushAll(batch, objective, sink);
            layers.clear();
        });
    }

    private static Supplier<Attempt> later(Script script) {
        return () -> Attempt.of(ScriptedHost.later(script));
    }

    private static Supplier<Attempt> always(Script script) {
        return () -> Attempt.of(ScriptedHost.always(script));
    }

    private static void reuse(ScriptedHost host, ExampleBatch<Integer> batch, Objective objective, CaptureSink sink) {
        for (LayerSpec layer : LAYERS) {
            LayerCapture capture = host.capture(layer, batch, objective);
            double[][] a = capture.activations().toArray();
            double[][] g = capture.outputGradients().toArray();
            sink.accept(LayerCapture.of(layer, Matrix.of(a), Matrix.of(g)));
            Arrays.stream(a).forEach(row -> Arrays.fill(row, Double.NaN));
            Arrays.stream(g).forEach(row -> Arrays.fill(row, 1e300));
        }
    }

    @SuppressWarnings("NullAway") // the lie
    private static void pushNull(
            ScriptedHost host, ExampleBatch<Integer> batch, Objective objective, CaptureSink sink) {
        sink.accept(null);
    }

    @SuppressWarnings("NullAway") // the lie
    private static <T> T nothing() {
        return null;
    }

    private static void swallowing(Runnable push) {
        try {
            push.run();
        } catch (RuntimeException e) {
            // as some hosts do, which log it and go on
        }
    }

    private static Matrix less(Matrix matrix) {
        return Matrix.of(Arrays.copyOf(matrix.toArray(), matrix.rows() - 1));
    }

    private static LayerCapture spoilt(LayerCapture capture, double number) {
        double[][] g = capture.outputGradients().toArray();
        g[0][0] = number;
        return LayerCapture.of(capture.layer(), capture.activations(), Matrix.of(g));
    }

    /** Tells what is read of a matrix, and may change it. */
    private record WatchedMatrix(Matrix whole, Watcher watcher) implements Matrix {

        @FunctionalInterface
        interface Watcher {
            void read(int row, double[] numbers);
        }

        @Override
        public int rows() {
            return whole.rows();
        }

        @Override
        public int columns() {
            return whole.columns();
        }

        @Override
        public Precision precision() {
            return Precision.FLOAT64;
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            double[] numbers = new double[rowCount * columns()];
            read(firstRow, rowCount, numbers, 0);
            for (int k = 0; k < numbers.length; k++) {
                target[offset + k] = (float) numbers[k];
            }
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            double[] numbers = new double[rowCount * columns()];
            whole.read(firstRow, rowCount, numbers, 0);
            watcher.read(firstRow, numbers);
            System.arraycopy(numbers, 0, target, offset, numbers.length);
        }
    }
}
