package io.github.influence4j.store.captures;

import io.github.influence4j.api.LayerSpec.Positions;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.safetensors.SafetensorsFile;
import io.github.influence4j.safetensors.TensorSpec;
import io.github.influence4j.safetensors.TensorType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** One capture file: its header, and the shapes of its tensors, checked. */
final class CaptureShard {

    static final String IDS = "ids";

    static final String MASK = "mask";

    private final SafetensorsFile file;
    private final CaptureHeader header;
    private final long examples;
    private final Map<String, Integer> positions = new HashMap<>();

    CaptureShard(SafetensorsFile file) {
        this.file = file;
        this.header = CaptureHeader.parse(file);
        this.examples = file.find(header.layers().get(0).activations())
                .filter(spec -> spec.rank() == 3)
                .map(spec -> spec.dimension(0))
                .orElseThrow(() -> malformed(header.layers().get(0).activations(), "there, [n, t, in]"));
        if (examples < 1) {
            throw new MalformedFileException(file.path(), "holds no examples");
        }
        file.find(MASK).ifPresent(spec -> checkMask(spec, Optional.empty()));
        Set<String> known = new HashSet<>(Set.of(IDS, MASK));
        for (DeclaredLayer layer : header.layers()) {
            known.addAll(Set.of(layer.activations(), layer.outputGradients(), layer.mask()));
            check(layer);
            if (header.rank().isPresent()) {
                known.add(layer.energy());
                file.find(layer.energy()).ifPresent(spec -> checkEnergy(layer, spec));
            }
        }
        file.find(IDS).ifPresent(this::checkIds);
        for (String name : file.names()) {
            if (!known.contains(name)) {
                throw new MalformedFileException(
                        file.path(),
                        "holds a tensor " + MalformedFileException.quote(name) + " that belongs to no declared layer");
            }
        }
    }

    SafetensorsFile file() {
        return file;
    }

    CaptureHeader header() {
        return header;
    }

    long examples() {
        return examples;
    }

    /** t of a layer. */
    int positions(DeclaredLayer layer) {
        Integer found = positions.get(layer.name());
        return found == null ? 0 : found;
    }

    boolean hasIds() {
        return file.find(IDS).isPresent();
    }

    void readIds(long[] target, int offset) {
        file.read(IDS, 0, (int) examples, target, offset);
        if (file.tensor(IDS).type() == TensorType.U64) {
            for (int k = offset; k < offset + examples; k++) {
                if (target[k] < 0) {
                    throw new MalformedFileException(
                            file.path(),
                            MalformedFileException.quote(IDS) + " must be below 2^63, found "
                                    + Long.toUnsignedString(target[k]));
                }
            }
        }
    }

    /** The name of the tensor that marks the padding of a layer. */
    Optional<String> mask(DeclaredLayer layer) {
        if (file.find(layer.mask()).isPresent()) {
            return Optional.of(layer.mask());
        }
        boolean patches = layer.positions().equals(Optional.of(Positions.PATCHES));
        boolean shared = !patches
                && file.find(MASK)
                        .filter(spec -> spec.dimension(1) == positions(layer) / layer.uses())
                        .isPresent();
        return shared ? Optional.of(MASK) : Optional.empty();
    }

    /** Positions of an example in the mask of a layer: those of one use where the mask is shared by all layers. */
    int maskPositions(String mask) {
        return (int) file.tensor(mask).dimension(1);
    }

    private void check(DeclaredLayer layer) {
        TensorSpec activations = require(layer.activations(), -1, layer.inputs());
        long t = activations.dimension(1);
        if (t < 1 || t > Integer.MAX_VALUE || t % layer.uses() != 0) {
            throw malformed(
                    layer.activations(),
                    "[n, t, in] with at least one position and a multiple of its " + layer.uses() + " uses");
        }
        require(layer.outputGradients(), t, layer.outputs());
        positions.put(layer.name(), (int) t);
        file.find(layer.mask()).ifPresent(spec -> checkMask(spec, Optional.of(t)));
        boolean perToken = layer.positions().orElse(Positions.TOKENS) == Positions.TOKENS;
        if (t > 1 && perToken && file.find(MASK).isPresent() && mask(layer).isEmpty()) {
            throw new MalformedFileException(
                    file.path(),
                    "layer " + MalformedFileException.quote(layer.name()) + " has " + t
                            + " positions, the shared mask has "
                            + file.tensor(MASK).describe() + "; the layer needs a mask of its own");
        }
    }

    private TensorSpec require(String name, long t, long width) {
        String shape = "[" + examples + ", " + (t < 0 ? "t" : t) + ", " + width + "]";
        TensorSpec spec = file.find(name).orElseThrow(() -> malformed(name, "there, " + shape));
        boolean fits = spec.rank() == 3
                && spec.dimension(0) == examples
                && (t < 0 || spec.dimension(1) == t)
                && spec.dimension(2) == width;
        if (!fits || !spec.type().isFloating()) {
            throw malformed(name, "floating-point numbers " + shape);
        }
        return spec;
    }

    private void checkIds(TensorSpec spec) {
        if (spec.rank() != 1 || spec.dimension(0) != examples || spec.type().isFloating()) {
            throw malformed(IDS, "integers [" + examples + "]");
        }
    }

    private void checkEnergy(DeclaredLayer layer, TensorSpec spec) {
        if (spec.rank() != 1 || spec.dimension(0) != examples || !spec.type().isFloating()) {
            throw malformed(layer.energy(), "floating-point numbers [" + examples + "]");
        }
    }

    private void checkMask(TensorSpec spec, Optional<Long> t) {
        boolean fits = spec.rank() == 2
                && spec.dimension(0) == examples
                && spec.dimension(1) >= 1
                && spec.dimension(1) <= Integer.MAX_VALUE
                && (t.isEmpty() || spec.dimension(1) == t.get());
        if (!fits) {
            throw malformed(
                    spec.name(), "[" + examples + ", " + t.map(String::valueOf).orElse("t") + "]");
        }
    }

    private MalformedFileException malformed(String tensor, String expected) {
        String found = file.find(tensor).map(TensorSpec::describe).orElse("nothing");
        return new MalformedFileException(
                file.path(),
                "tensor " + MalformedFileException.quote(tensor) + " must be " + expected + ", found " + found);
    }

    /** Reads a mask for some rows, [rows, t], and refuses anything but 0 and 1. */
    boolean[] readMask(String name, long firstRow, int rows) {
        int t = maskPositions(name);
        // in float32, 1e-300 would be 0
        double[] numbers = new double[Math.multiplyExact(rows, t)];
        file.read(name, firstRow * t, numbers.length, numbers, 0);
        boolean[] real = new boolean[numbers.length];
        for (int k = 0; k < numbers.length; k++) {
            if (numbers[k] != 0 && numbers[k] != 1) {
                throw new MalformedFileException(
                        file.path(),
                        MalformedFileException.quote(name) + " must hold 0 or 1, found " + numbers[k] + " for example "
                                + (firstRow + k / t) + " at position " + k % t);
            }
            real[k] = numbers[k] == 1;
        }
        return real;
    }

    @Override
    public String toString() {
        return file.path() + ", examples " + examples + ", positions "
                + Arrays.toString(positions.values().toArray());
    }
}
