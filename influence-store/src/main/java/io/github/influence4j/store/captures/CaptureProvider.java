package io.github.influence4j.store.captures;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.PositionMask;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.safetensors.MalformedFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A model that is known by capture files: hands on what they hold.
 *
 * <p>All sets must be of the same model and layers. Each serves the objective that its files declare, and any other is refused;
 * files of sampled labels hold one draw, which serves any one seed and draw. Nothing is read before somebody reads the captures, so
 * memory does not depend on the files. Batches may be of any examples of the sets, if their shards have the same number of
 * positions.
 *
 * <p>Safe for use by several threads.
 */
public final class CaptureProvider implements GradientProvider<CapturedExample> {

    private static final String UNKNOWN = "unknown";

    private final List<LayerSpec> layers;
    private final Optional<String> fingerprint;
    private final String labels;
    private final List<List<String>> sharedInputs;
    private Optional<Objective.SampledLabels> served = Optional.empty();

    private CaptureProvider(
            List<LayerSpec> layers, Optional<String> fingerprint, String labels, List<List<String>> sharedInputs) {
        this.layers = layers;
        this.fingerprint = fingerprint;
        this.labels = labels;
        this.sharedInputs = sharedInputs;
    }

    /**
     * Makes a provider for sets that belong together, such as training captures and queries.
     *
     * @param sets at least one; the caller closes them
     * @return the provider
     * @throws MalformedFileException if the sets are of different models or layers
     */
    public static CaptureProvider of(CaptureSet... sets) {
        return of(List.of(), Optional.empty(), sets);
    }

    /**
     * Makes a provider for sets that belong to factors which have been fitted.
     *
     * @param expected the layers that the factors are for; empty for those of the sets
     * @param model fingerprint of the model that the factors are for, if there is one
     * @param sets at least one; the caller closes them
     * @return the provider
     * @throws MalformedFileException if the sets are of different models or layers than the factors or each other
     */
    public static CaptureProvider of(List<LayerSpec> expected, Optional<String> model, CaptureSet... sets) {
        if (sets.length == 0) {
            throw new IllegalArgumentException("a provider needs a set of captures");
        }
        List<LayerSpec> layers = expected.isEmpty() ? mostPositions(sets) : expected;
        Optional<String> fingerprint = model;
        for (CaptureSet set : sets) {
            requireLayers(set, layers);
            if (fingerprint.isPresent() && set.model().isPresent() && !fingerprint.equals(set.model())) {
                throw new MalformedFileException(
                        set.path(),
                        "holds captures of model "
                                + MalformedFileException.quote(set.model().get()) + ", expected "
                                + MalformedFileException.quote(fingerprint.get()));
            }
            fingerprint = fingerprint.or(set::model);
        }
        String labels = Stream.of(sets)
                .filter(set -> set.objective() == CaptureObjective.SAMPLED)
                .map(set -> set.labels().orElse(UNKNOWN) + (set.draws() > 1 ? ", " + set.draws() + " draws" : ""))
                .distinct()
                .collect(Collectors.joining(", "));
        return new CaptureProvider(
                List.copyOf(layers), fingerprint, labels.isEmpty() ? UNKNOWN : labels, sharedInputs(sets));
    }

    /**
     * Returns a provider of some layers only.
     *
     * @param some layers of this provider, in its order
     * @return the provider
     * @throws IllegalArgumentException if there are none, or a layer is not one of this provider
     */
    public CaptureProvider only(List<LayerSpec> some) {
        if (some.isEmpty() || !layers.containsAll(some)) {
            throw new IllegalArgumentException("layers must be some of " + layers + ", found " + some);
        }
        return new CaptureProvider(List.copyOf(some), fingerprint, labels, SharedInputs.among(sharedInputs, some));
    }

    /** Files need not say it, and those of older versions do not; those that do must agree. */
    private static List<List<String>> sharedInputs(CaptureSet[] sets) {
        List<List<String>> lists = List.of();
        for (CaptureSet set : sets) {
            if (!lists.isEmpty() && !set.sharedInputs().isEmpty() && !lists.equals(set.sharedInputs())) {
                throw new MalformedFileException(
                        set.path(),
                        "says that layers " + set.sharedInputs() + " read the same input, the set before it " + lists);
            }
            lists = lists.isEmpty() ? set.sharedInputs() : lists;
        }
        return lists;
    }

    /**
     * Checks what a set holds before anything is computed with it.
     *
     * @param set the captures
     * @param expected what they should be of
     * @throws MalformedFileException if they are of another objective
     */
    public static void requireObjective(CaptureSet set, CaptureObjective expected) {
        requireObjective(set.path(), set.objective(), expected);
    }

    private static void requireObjective(Path file, CaptureObjective found, CaptureObjective expected) {
        if (found != expected) {
            throw new MalformedFileException(
                    file, "holds captures of the objective " + found.word() + ", asked for was " + expected.word());
        }
    }

    /** The first set's layers; a guess that there are no positions gives way to a set that has some. */
    private static List<LayerSpec> mostPositions(CaptureSet[] sets) {
        List<LayerSpec> layers = new ArrayList<>(sets[0].layers());
        for (CaptureSet set : sets) {
            for (int l = 0; l < Math.min(layers.size(), set.layers().size()); l++) {
                boolean other = set.layers().get(l).name().equals(layers.get(l).name())
                        && set.layers().get(l).positions() != Positions.NONE;
                if (other && layers.get(l).positions() == Positions.NONE) {
                    layers.set(l, set.layers().get(l));
                }
            }
        }
        return layers;
    }

    private static void requireLayers(CaptureSet set, List<LayerSpec> expected) {
        boolean same = set.layers().size() == expected.size();
        for (int l = 0; same && l < expected.size(); l++) {
            LayerSpec found = set.layers().get(l);
            LayerSpec wanted = expected.get(l);
            // what the files do not say is taken from whoever knows
            LayerSpec known = set.guessesPositions(l)
                    ? new LayerSpec(found.name(), found.inputs(), found.outputs(), found.bias(), wanted.positions())
                    : found;
            same = known.equals(wanted) && (wanted.positions() != Positions.NONE || set.positions(l) == 1);
        }
        if (!same) {
            throw new MalformedFileException(
                    set.path(), "holds captures of layers " + set.layers() + ", expected " + expected);
        }
    }

    @Override
    public List<LayerSpec> layers() {
        return layers;
    }

    @Override
    public Optional<String> fingerprint() {
        return fingerprint;
    }

    /** What the files say. */
    @Override
    public List<List<String>> sharedInputs() {
        return sharedInputs;
    }

    /** What the files say of the labels that were drawn when they were written, or that it is unknown. */
    @Override
    public Optional<String> sampledLabels() {
        return Optional.of(labels);
    }

    @Override
    public int positions(CapturedExample example) {
        CaptureShard shard = example.shard();
        return shard.header().layers().stream().mapToInt(shard::positions).max().orElse(1);
    }

    /**
     * Hands on the captures of a batch, whose numbers are read from the files while the sink accepts them.
     *
     * @throws MalformedFileException if a file holds another objective, or has changed since it was opened
     * @throws UnsupportedOperationException if the objective is one that files do not hold
     */
    @Override
    public void capture(
            ExampleBatch<CapturedExample> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        CaptureObjective kind = CaptureObjective.of(objective);
        if (objective instanceof Objective.SampledLabels labels) {
            requireOneDraw(labels);
        }
        List<CaptureShard> shards =
                batch.examples().stream().map(CapturedExample::shard).distinct().toList();
        for (CaptureShard shard : shards) {
            requireObjective(shard.file().path(), shard.header().objective(), kind);
        }
        for (LayerSpec layer : wanted) {
            sink.accept(capture(batch, layer, shards));
        }
        for (CaptureShard shard : shards) {
            shard.file().checkUnchanged();
        }
    }

    private synchronized void requireOneDraw(Objective.SampledLabels asked) {
        if (!served.orElse(asked).equals(asked)) {
            throw new IllegalArgumentException("capture files hold one draw of labels; it was used for "
                    + inWords(served.get()) + " already and cannot serve " + inWords(asked) + " too");
        }
        served = Optional.of(asked);
    }

    private static String inWords(Objective.SampledLabels labels) {
        return "seed " + labels.seed() + (labels.draw() == 0 ? "" : ", draw " + labels.draw());
    }

    private static LayerCapture capture(
            ExampleBatch<CapturedExample> batch, LayerSpec layer, List<CaptureShard> shards) {
        DeclaredLayer declared = declared(layer, shards.get(0));
        int positions = shards.get(0).positions(declared);
        for (CaptureShard shard : shards) {
            if (shard.positions(declared) != positions) {
                throw new IllegalArgumentException("layer " + layer.name() + ": a batch has examples of "
                        + shards.get(0) + " and of " + shard + ", which have other numbers of positions");
            }
        }
        List<CapturedExample> examples = List.copyOf(batch.examples());
        LayerCapture capture = LayerCapture.of(
                        layer,
                        examples.size(),
                        positions,
                        new ExampleRows(examples, declared.activations(), positions, layer.inputs()),
                        new ExampleRows(examples, declared.outputGradients(), positions, layer.outputs()))
                .withUses(declared.uses());
        boolean masked = shards.stream().anyMatch(shard -> shard.mask(declared).isPresent());
        return masked ? capture.withMask(mask(examples, declared, positions)) : capture;
    }

    private static DeclaredLayer declared(LayerSpec layer, CaptureShard shard) {
        return shard.header().layers().stream()
                .filter(declared -> declared.name().equals(layer.name()))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "layer " + layer.name() + " is not in " + shard.file().path()));
    }

    /** A mask that all layers share has the positions of one use. */
    private static PositionMask mask(List<CapturedExample> examples, DeclaredLayer layer, int positions) {
        boolean[] real = new boolean[Math.multiplyExact(examples.size(), positions)];
        int done = 0;
        while (done < examples.size()) {
            CapturedExample first = examples.get(done);
            int count = 1;
            while (done + count < examples.size()
                    && examples.get(done + count).shard() == first.shard()
                    && examples.get(done + count).row() == first.row() + count) {
                count++;
            }
            Optional<String> name = first.shard().mask(layer);
            if (name.isPresent()) {
                boolean[] part = first.shard().readMask(name.get(), first.row(), count);
                int width = part.length / count;
                for (int k = 0; k < count * positions; k++) {
                    real[done * positions + k] = part[k / positions * width + k % positions % width];
                }
            } else {
                Arrays.fill(real, done * positions, (done + count) * positions, true);
            }
            done += count;
        }
        return PositionMask.of(real);
    }
}
