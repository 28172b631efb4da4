package io.github.influence4j.testkit;

import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.OutputHessianRoots;
import io.github.influence4j.api.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/**
 * The tests that a {@link GradientProvider} passes if its captures are right. A host extends this class, says in {@link
 * #host()} how its model computes losses and where its weights are, and runs it with its other tests.
 *
 * <p>Failures are in the host's terms: which layer, what its gradients look like, what to do. The cost is a few hundred
 * forward passes over the examples, and {@value #DRAWS} captures for the distribution of the sampled labels.
 *
 * @param <E> the host's type of an example
 */
public abstract class GradientProviderContract<E> {

    private static final int DRAWS = 200;

    /** For subclasses. */
    protected GradientProviderContract() {}

    /**
     * Returns the model and its provider.
     *
     * @return the model; called once a test
     */
    protected abstract HostModel<E> host();

    /**
     * The layers have distinct names and come in the same order every time; only those asked for are captured; the fingerprint
     * stays what it was.
     */
    @Test
    public final void layersAreStable() {
        HostModel<E> host = host();
        GradientProvider<E> provider = host.provider();
        Optional<String> fingerprint = provider.fingerprint();
        Assertions.assertTrue(
                fingerprint != null, "fingerprint() gives null: a model without one gives Optional.empty()");
        Assertions.assertTrue(provider.layers() != null, "layers() gives null");
        List<LayerSpec> layers = List.copyOf(provider.layers());
        Assertions.assertFalse(layers.isEmpty(), "layers() gives none");
        Set<String> names = new HashSet<>();
        for (LayerSpec layer : layers) {
            Assertions.assertTrue(
                    names.add(layer.name()), () -> "layer " + layer.name() + ": two layers have this name");
        }
        Assertions.assertEquals(layers, provider.layers(), "layers() must give the same layers in the same order");
        for (LayerSpec layer : layers) {
            ExampleCaptures.of(provider, all(host), new Objective.TrainingLoss(), List.of(layer));
        }
        ExampleCaptures.of(provider, all(host), new Objective.TrainingLoss(), layers);
        Assertions.assertEquals(
                layers, provider.layers(), "layers() must give the same layers in the same order after a capture");
        Assertions.assertEquals(
                fingerprint, provider.fingerprint(), "fingerprint() changed, but nobody changed the weights");
    }

    /** What the sink throws reaches the caller: a host that catches it goes on with a layer that was not taken. */
    @Test
    public final void failuresOfTheSinkComeThrough() {
        HostModel<E> host = host();
        String name = "layer " + host.provider().layers().get(0).name();
        try {
            host.provider()
                    .capture(
                            all(host),
                            new Objective.TrainingLoss(),
                            host.provider().layers(),
                            capture -> {
                                throw new NumericalException(
                                        "the sink refuses " + capture.layer().name());
                            });
        } catch (RuntimeException | Error e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (String.valueOf(cause.getMessage()).startsWith("the sink refuses ")) {
                    return;
                }
            }
            throw e;
        }
        Assertions.fail(
                name + ": capture() swallowed an exception of the sink: let it through, or no error of a layer will "
                        + "be seen where it happens");
    }

    /** The examples come in the same order with the same ids in batches of every size, as the data set announces. */
    @Test
    public final void examplesComeTheSameEveryTime() {
        HostModel<E> host = host();
        ExampleSource<E> source = host.examples();
        List<Long> first = new SourceIds<>(source).ids(1);
        for (int size : new int[] {1, 2, Math.toIntExact(source.size())}) {
            Assertions.assertEquals(
                    first,
                    new SourceIds<>(source).ids(size),
                    "the ids of the examples, or their order, depend on the pass or on the size of a batch");
        }
    }

    /** Where the model says how many positions an example has, no layer has more: batches are cut by it. */
    @Test
    public final void positionsAreNotMoreThanAnnounced() {
        HostModel<E> host = host();
        ExampleBatch<E> batch = all(host);
        List<List<ExampleCaptures>> captures = capture(host, batch, new Objective.TrainingLoss());
        for (int l = 0; l < captures.size(); l++) {
            for (int e = 0; e < batch.size(); e++) {
                int said = host.provider().positions(batch.examples().get(e));
                int found = captures.get(l).get(e).positions();
                if (said < 1 || said > 1 && found > said) {
                    Assertions.fail("layer " + host.provider().layers().get(l).name() + ": example "
                            + batch.ids()[e] + " has " + found + " positions, positions() says " + said
                            + ": it must be those of the layer with most, or 1 for all examples if you do not know");
                }
            }
        }
    }

    /** Layers that are said to read the same input are captured with the same inputs, to the bit, and the same mask. */
    @Test
    public final void sharedInputsAreEqual() {
        HostModel<E> host = host();
        List<LayerSpec> layers = host.provider().layers();
        List<String> names = layers.stream().map(LayerSpec::name).toList();
        List<List<ExampleCaptures>> captures = capture(host, all(host), new Objective.TrainingLoss());
        List<List<String>> lists = host.provider().sharedInputs();
        Assertions.assertTrue(lists != null, "sharedInputs() gives null: where no layers share one, give List.of()");
        for (List<String> list : lists) {
            for (String name : list) {
                int first = names.indexOf(list.get(0));
                int layer = names.indexOf(name);
                Assertions.assertTrue(
                        first >= 0 && layer >= 0, () -> "sharedInputs() names " + list + ", the layers are " + names);
                boolean same = layers.get(first).bias() == layers.get(layer).bias();
                for (int e = 0; same && e < captures.get(first).size(); e++) {
                    same = Arrays.deepEquals(
                            captures.get(first).get(e).inputs(),
                            captures.get(layer).get(e).inputs());
                }
                Assertions.assertTrue(
                        same,
                        () -> "layer " + name + ": sharedInputs() says that it reads the input of layer " + list.get(0)
                                + ", but their inputs, masks or biases differ: leave it out");
            }
        }
    }

    /** Σ_p g_p ā_pᵀ is the gradient of each example's loss, summed over positions and not averaged over anything. */
    @Test
    public final void gradientsAreThoseOfTheLoss() {
        HostModel<E> host = host();
        ExampleBatch<E> batch = all(host);
        double tolerance = host.precision() == Precision.FLOAT64
                ? Tolerances.CONTRACT_SLOPE_FLOAT64
                : Tolerances.CONTRACT_SLOPE_FLOAT32;
        double[] ones = GradientDiagnosis.constant(batch.size(), 1);
        List<LayerSpec> layers = host.provider().layers();
        List<List<ExampleCaptures>> captures = capture(host, batch, new Objective.TrainingLoss());
        for (int l = 0; l < captures.size(); l++) {
            LayerSpec layer = layers.get(l);
            List<ExampleCaptures> own = captures.get(l);
            LossSlopes slopes = LossSlopes.of(host, layer, false, batch.examples(), own);
            if (!(slopes.error(ones) <= tolerance)) {
                Assertions.fail(new GradientDiagnosis(layer, slopes, layers, captures, tolerance).sentence());
            }
            if (layer.bias()) {
                double error =
                        LossSlopes.of(host, layer, true, batch.examples(), own).error(ones);
                Assertions.assertTrue(
                        error <= tolerance,
                        () -> "layer " + layer.name() + ": the weights' gradients are right, the bias's are not (worst "
                                + "difference " + GradientDiagnosis.percent(error)
                                + " of its largest slope): is the bias multiplied by something other than 1, or do padded "
                                + "positions count, whose inputs are 0 but whose gradients are not?");
            }
        }
    }

    /** The same batch gives the same captures and losses again: no dropout, no noise. */
    @Test
    public final void theModelIsInEvaluationMode() {
        HostModel<E> host = host();
        ExampleBatch<E> batch = all(host);
        double[] losses = host.losses(batch.examples());
        List<List<ExampleCaptures>> once = capture(host, batch, new Objective.TrainingLoss());
        List<List<ExampleCaptures>> again = capture(host, batch, new Objective.TrainingLoss());
        for (int l = 0; l < once.size(); l++) {
            if (CaptureDifference.of(once.get(l), again.get(l)) > tolerance(host)) {
                Assertions.fail("layer " + host.provider().layers().get(l).name()
                        + ": two captures of the same batch differ: dropout or other "
                        + "randomness is on; put the model into evaluation mode");
            }
        }
        double[] after = host.losses(batch.examples());
        for (int e = 0; e < losses.length; e++) {
            double change = Math.abs(after[e] - losses[e]);
            int example = e;
            Assertions.assertTrue(
                    change <= tolerance(host) * Math.max(1, Math.abs(losses[e])),
                    () -> "example " + batch.ids()[example] + ": its loss changed by " + change + " when captures were "
                            + "taken: capturing updates weights or batch statistics, or the losses are not in "
                            + "evaluation mode");
        }
    }

    /** An example has the same captures alone, among others, and in another order. */
    @Test
    public final void captureDoesNotDependOnTheBatch() {
        HostModel<E> host = host();
        compareWithAlone(host, new Objective.TrainingLoss());
    }

    private void compareWithAlone(HostModel<E> host, Objective objective) {
        ExampleBatch<E> batch = all(host);
        List<List<ExampleCaptures>> together = capture(host, batch, objective);
        List<List<ExampleCaptures>> reversed = capture(host, reversed(batch), objective);
        int n = batch.size();
        List<List<List<ExampleCaptures>>> alone = new ArrayList<>();
        for (ExampleBatch<E> one : host.examples().batches(1)) {
            alone.add(capture(host, one, objective));
        }
        for (int l = 0; l < together.size(); l++) {
            int index = l;
            LayerSpec layer = host.provider().layers().get(l);
            List<ExampleCaptures> single =
                    alone.stream().map(captures -> captures.get(index).get(0)).toList();
            List<ExampleCaptures> many = together.get(l);
            for (int e = 0; e < n; e++) {
                if (single.get(e).positions() != many.get(e).positions()) {
                    Assertions.fail("layer " + layer.name() + ": example " + batch.ids()[e] + " has "
                            + single.get(e).positions() + " real positions alone and "
                            + many.get(e).positions() + " in a batch of " + n + ": padding is not masked");
                }
            }
            double tolerance = tolerance(host);
            if (CaptureDifference.ofInputs(single, many) > tolerance) {
                Assertions.fail(
                        "layer " + layer.name() + ": inputs depend on the batch: batch statistics are in use (batch "
                                + "normalisation in training mode), examples see each other's padding, or rows are not example by "
                                + "example");
            }
            if (CaptureDifference.of(single, many) > tolerance) {
                if (CaptureDifference.of(single, CaptureDifference.scaled(many, n)) <= tolerance) {
                    Assertions.fail("layer " + layer.name() + ": gradients look averaged over the batch of " + n
                            + ": sum the loss over examples, or multiply the gradients by " + n);
                }
                Assertions.fail("layer " + layer.name() + ": gradients depend on the batch, inputs do not: "
                        + (objective instanceof Objective.SampledLabels
                                ? "labels must be drawn by Objective.SampledLabels with the example's id and the "
                                        + "position in the example, not from a generator that runs on or with the "
                                        + "row of the batch"
                                : "is the loss averaged, or weighted by what else is in the batch?"));
            }
            List<ExampleCaptures> back = new ArrayList<>(reversed.get(l));
            Collections.reverse(back);
            if (CaptureDifference.of(many, back) > tolerance) {
                Assertions.fail("layer " + layer.name() + ": captures depend on the order of the batch"
                        + (objective instanceof Objective.SampledLabels
                                ? ": labels must depend on seed, id and position only"
                                : ""));
            }
        }
    }

    /** Padding has no gradient. */
    @Test
    public final void maskedPositionsHaveNoGradient() {
        HostModel<E> host = host();
        ExampleBatch<E> batch = all(host);
        List<List<ExampleCaptures>> all = capture(host, batch, new Objective.TrainingLoss());
        for (int l = 0; l < all.size(); l++) {
            LayerSpec layer = host.provider().layers().get(l);
            List<ExampleCaptures> captures = all.get(l);
            for (int e = 0; e < captures.size(); e++) {
                ExampleCaptures example = captures.get(e);
                if (example.positions() == 0) {
                    Assertions.fail("layer " + layer.name() + ": all positions of example " + batch.ids()[e]
                            + " are masked: true in a PositionMask means real, not padding");
                }
                if (example.maskedGradient() > 0) {
                    Assertions.fail("layer " + layer.name() + ": example " + batch.ids()[e]
                            + " has gradients of up to " + (float) example.maskedGradient()
                            + " at masked positions: the loss counts padding, or the mask hides real positions");
                }
            }
        }
    }

    /** Labels depend on the seed, the example's id and the position, and on nothing else. */
    @Test
    public final void sampledLabelsAreDetermined() {
        HostModel<E> host = host();
        ExampleBatch<E> batch = all(host);
        LayerSpec layer = host.outputLayer();
        List<ExampleCaptures> once = outputs(host, batch, 1);
        Assertions.assertTrue(
                CaptureDifference.of(once, outputs(host, batch, 1)) <= tolerance(host),
                () -> "layer " + layer.name() + ": two captures with the same seed have other labels: draw them by "
                        + "Objective.SampledLabels, which is a function of seed, id and position");
        compareWithAlone(host, new Objective.SampledLabels(1));
        boolean seedMatters = false;
        boolean idMatters = false;
        for (int k = 2; k < 12; k++) {
            seedMatters |= CaptureDifference.of(once, outputs(host, batch, k)) > tolerance(host);
            long shift = 1_000_003L * k;
            long[] ids = Arrays.stream(batch.ids()).map(id -> id + shift).toArray();
            idMatters |= CaptureDifference.of(once, outputs(host, new ExampleBatch<>(batch.examples(), ids), 1))
                    > tolerance(host);
        }
        String name = "layer " + layer.name() + ": sampled labels do not depend on ";
        Assertions.assertTrue(seedMatters, () -> name + "the seed: are they the most probable or the true ones?");
        Assertions.assertTrue(
                idMatters, () -> name + "the example's id: two examples with the same seed must draw independently");
    }

    /** Sampled labels follow the model's own probabilities. */
    @Test
    public final void sampledLabelsFollowTheModel() {
        HostModel<E> host = host();
        ExampleBatch<E> batch = all(host);
        List<Prediction> predictions =
                batch.examples().stream().map(host::prediction).toList();
        LabelDistribution distribution = new LabelDistribution(host.outputLayer(), batch.ids(), predictions);
        for (int seed = 0; seed < DRAWS; seed++) {
            distribution.add(outputs(host, batch, 100 + seed));
        }
        distribution.check(host.precision());
    }

    /**
     * Where the model offers roots of the output Hessian, Σ_k g_k g_kᵀ is the mean of g gᵀ over sampled labels, and there
     * are no further columns.
     */
    @Test
    public final void outputHessianRootIsThatOfTheLoss() {
        HostModel<E> host = host();
        if (!(host.provider() instanceof OutputHessianRoots<E> roots)) {
            return;
        }
        int columns = roots.outputHessianColumns();
        Assertions.assertTrue(
                columns > 0, () -> name(host) + "outputHessianColumns must be at least 1, found " + columns);
        new HessianRootCheck<>(host, all(host), tolerance(host)).check(columns);
        Assertions.assertTrue(
                isRefusedOrZero(host, new Objective.OutputHessianRoot(columns)),
                () -> name(host) + "column " + columns + " of OutputHessianRoot has gradients, but there are " + columns
                        + " columns: throw an IllegalArgumentException");
    }

    /** What the model does not offer is not taken for something else. */
    @Test
    public final void otherObjectivesAreRefused() {
        HostModel<E> host = host();
        if (host.provider() instanceof OutputHessianRoots) {
            return;
        }
        Assertions.assertThrows(
                UnsupportedOperationException.class,
                () -> capture(host, all(host), new Objective.OutputHessianRoot(0)),
                () -> name(host) + "the model is no OutputHessianRoots, but OutputHessianRoot was captured, as another "
                        + "objective: throw an UnsupportedOperationException for every objective that is not asked about by "
                        + "name");
    }

    private String name(HostModel<E> host) {
        return "layer " + host.outputLayer().name() + ": ";
    }

    private boolean isRefusedOrZero(HostModel<E> host, Objective objective) {
        try {
            return capture(host, all(host), objective).stream()
                    .flatMap(List::stream)
                    .flatMap(example -> Arrays.stream(example.outputGradients()))
                    .flatMapToDouble(Arrays::stream)
                    .allMatch(g -> g == 0);
        } catch (IllegalArgumentException e) {
            return true;
        }
    }

    private List<ExampleCaptures> outputs(HostModel<E> host, ExampleBatch<E> batch, long seed) {
        LayerSpec layer = host.outputLayer();
        return ExampleCaptures.of(host.provider(), batch, new Objective.SampledLabels(seed), List.of(layer))
                .get(0);
    }

    private List<List<ExampleCaptures>> capture(HostModel<E> host, ExampleBatch<E> batch, Objective objective) {
        return ExampleCaptures.of(
                host.provider(), batch, objective, host.provider().layers());
    }

    private ExampleBatch<E> all(HostModel<E> host) {
        ExampleBatch<E> batch = host.examples()
                .batches(Math.toIntExact(host.examples().size()))
                .iterator()
                .next();
        Assertions.assertTrue(batch.size() > 2, "HostModel.examples: at least 3 examples are needed");
        return batch;
    }

    private ExampleBatch<E> reversed(ExampleBatch<E> batch) {
        List<E> examples = new ArrayList<>(batch.examples());
        Collections.reverse(examples);
        long[] ids = new long[batch.size()];
        Arrays.setAll(ids, e -> batch.ids()[ids.length - 1 - e]);
        return new ExampleBatch<>(examples, ids);
    }

    private double tolerance(HostModel<E> host) {
        return host.precision() == Precision.FLOAT64
                ? Tolerances.CONTRACT_BATCH_FLOAT64
                : Tolerances.CONTRACT_BATCH_FLOAT32;
    }
}
