package io.github.influence4j.spark;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.github.influence4j.api.Fingerprint;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.ModelFingerprint;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.factor.TaskGroups;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Which layers are fitted together, by their indices in the model.
 *
 * @param model names the model, whose layers and weights must be the same in every JVM
 * @param groups layers whose sums a task holds at the same time, in units that are decomposed in one place: a layer, or layers that
 *     read the same input, of which the first has A
 */
@DefaultSerializer(JavaSerializer.class) // where Kryo is used: it cannot make records
record FitPlan(String model, List<List<List<Integer>>> groups) implements Serializable {

    /** Divides the layers of a model. */
    static FitPlan of(GradientProvider<?> model, Precision precision, FitSettings settings) {
        List<LayerSpec> layers = CapturePass.layersOf(model);
        FactorMemory memory =
                new FactorMemory(precision, settings.strategy(), settings.blocks(), SharedInputs.of(model, layers));
        List<List<List<Integer>>> groups = new ArrayList<>();
        for (List<List<LayerSpec>> group :
                TaskGroups.of(layers, memory, settings.memoryLimit()).groups()) {
            groups.add(List.copyOf(group.stream()
                    .map(unit -> List.copyOf(unit.stream().map(layers::indexOf).toList()))
                    .toList()));
        }
        return new FitPlan(name(model), groups);
    }

    private static String name(GradientProvider<?> model) {
        return Fingerprint.ofText(
                model.layers() + " " + ModelFingerprint.of(model).orElse("") + " " + model.sharedInputs());
    }

    /** Refuses a model that another machine opened otherwise. */
    void requireSame(GradientProvider<?> opened) {
        if (!name(opened).equals(model)) {
            throw new IllegalStateException(
                    "the model that this executor opened has other layers or weights than the one that"
                            + " the run was planned with: " + opened.layers() + ", fingerprint "
                            + ModelFingerprint.of(opened).orElse("unknown") + "; put the same files on every machine");
        }
    }

    /** The layers of a group, in the model's order. */
    List<Integer> layers(int group) {
        return groups.get(group).stream().flatMap(List::stream).sorted().toList();
    }
}
