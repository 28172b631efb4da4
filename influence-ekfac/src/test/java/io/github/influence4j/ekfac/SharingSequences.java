package io.github.influence4j.ekfac;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import java.util.ArrayList;
import java.util.List;

/**
 * {@link RandomSequences} of which some layers read the same input, and which says so, or keeps silent.
 *
 * @param plain gives everything else
 * @param reading layers of one list read the input of the first
 * @param sharedInputs what it says
 */
public record SharingSequences(RandomSequences plain, List<List<String>> reading, List<List<String>> sharedInputs)
        implements GradientProvider<Sequence> {

    /**
     * Makes a model that says what it does.
     *
     * @param layers its layers
     * @param lists which of them read the same input
     * @return the model
     */
    public static SharingSequences honest(List<LayerSpec> layers, List<List<String>> lists) {
        return new SharingSequences(new RandomSequences(layers, 1), lists, lists);
    }

    /**
     * Makes a model that does the same.
     *
     * @param other what it says
     * @return the model
     */
    public SharingSequences saying(List<List<String>> other) {
        return new SharingSequences(plain, reading, other);
    }

    @Override
    public List<LayerSpec> layers() {
        return plain.layers();
    }

    @Override
    public int positions(Sequence example) {
        return Math.max(2, example.length());
    }

    @Override
    public void capture(ExampleBatch<Sequence> batch, Objective objective, List<LayerSpec> wanted, CaptureSink sink) {
        for (LayerSpec layer : wanted) {
            LayerCapture inputs = capture(batch, objective, read(layer));
            LayerCapture own = capture(batch, objective, layer);
            sink.accept(
                    LayerCapture.of(layer, own.examples(), own.positions(), inputs.activations(), own.outputGradients())
                            .withMask(own.mask()));
        }
    }

    private LayerSpec read(LayerSpec layer) {
        String name = reading.stream()
                .filter(list -> list.contains(layer.name()))
                .map(list -> list.get(0))
                .findFirst()
                .orElse(layer.name());
        return layers().stream()
                .filter(other -> other.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private LayerCapture capture(ExampleBatch<Sequence> batch, Objective objective, LayerSpec layer) {
        List<LayerCapture> taken = new ArrayList<>();
        plain.capture(batch, objective, List.of(layer), taken::add);
        return taken.get(0);
    }
}
