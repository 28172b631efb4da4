package io.github.influence4j.ekfac;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.LayerGroups;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Layers that are fitted group by group: the same numbers, within the limit, and only the group's layers captured. */
class LayerGroupsTest {

    private static final ExampleSource<Sequence> TRAIN = RandomSequences.sequences(23, 100);
    private static final RandomSequences MODEL = new RandomSequences(
            List.of(
                    LayerSpec.tokens("a", 4, 3),
                    LayerSpec.tokens("b", 9, 5).withoutBias(),
                    LayerSpec.dense("c", 2, 7),
                    LayerSpec.tokens("d", 6, 6)),
            1);

    /** Notes which layers it is asked for. */
    private record Asked(Set<List<String>> names) implements GradientProvider<Sequence> {
        @Override
        public List<LayerSpec> layers() {
            return MODEL.layers();
        }

        @Override
        public int positions(Sequence example) {
            return Math.max(2, example.length());
        }

        @Override
        public void capture(
                ExampleBatch<Sequence> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            names.add(layers.stream().map(LayerSpec::name).toList());
            MODEL.capture(batch, objective, layers, sink);
        }
    }

    @ParameterizedTest
    @EnumSource(Strategy.class)
    void groupsGiveTheSameNumbersToTheBit(Strategy strategy) {
        for (MatrixBackend backend : TestBackends.all()) {
            FitOptions options = FitOptions.defaults().withStrategy(strategy).withBatchSize(7);
            Asked model = new Asked(new LinkedHashSet<>());
            try (EigenbasisCurvature expected = EigenbasisApproximator.<Sequence>of(backend, options)
                            .fit(MODEL, TRAIN);
                    EigenbasisCurvature actual = EigenbasisApproximator.<Sequence>of(
                                    backend, options.withMemoryLimit(tight(backend, strategy)))
                            .fit(model, TRAIN)) {
                assertEquals(1, expected.provenance().counts().getOrDefault("layer groups", 0L));
                long groups = actual.provenance().counts().getOrDefault("layer groups", 0L);
                if (strategy.usesEigenbasis()) {
                    assertTrue(groups > 1, () -> "groups: " + groups);
                    assertEquals(groups, model.names().size());
                }
                assertEquals(expected.layers(), actual.layers());
                assertEquals(
                        expected.provenance().durations().keySet(),
                        actual.provenance().durations().keySet());
                for (int l = 0; l < MODEL.layers().size(); l++) {
                    var one = expected.layerCurvatures().get(l);
                    var other = actual.layerCurvatures().get(l);
                    assertEquals(
                            one.eigenvalues().isPresent(), other.eigenvalues().isPresent());
                    if (one.eigenvalues().isPresent()) {
                        assertArrayEquals(
                                one.eigenvalues().get().toArray(),
                                other.eigenvalues().get().toArray());
                    }
                }
            }
        }
    }

    /** Nearly the least with which the fit is possible. */
    private static long tight(MatrixBackend backend, Strategy strategy) {
        FactorMemory memory = new FactorMemory(backend.precision(), strategy, 1);
        for (long limit = 1; ; limit += 16) {
            try {
                LayerGroups.of(MODEL.layers(), memory, backend, limit);
                return limit;
            } catch (IllegalArgumentException tooLittle) {
                // the next limit may be enough
            }
        }
    }

    @Test
    void progressNamesTheGroup() {
        Set<String> stages = new LinkedHashSet<>();
        FitOptions options = FitOptions.defaults().withMemoryLimit(tight(TestBackends.EJML, Strategy.EKFAC));
        EigenbasisApproximator.<Sequence>of(TestBackends.EJML, options)
                .fit(MODEL, TRAIN, (stage, done, total) -> stages.add(stage))
                .close();
        assertTrue(stages.contains("covariances, group 1 of " + stages.size() / 3), stages::toString);
        assertTrue(stages.contains("eigenvalues, group " + stages.size() / 3 + " of " + stages.size() / 3));
    }

    @Property(tries = 200)
    void groupsHoldEveryLayerOnceAndStayWithinTheLimit(
            @ForAll @Size(min = 1, max = 8) List<@IntRange(min = 1, max = 300) Integer> widths,
            @ForAll @DoubleRange(min = 0.05, max = 1.1) double share,
            @ForAll Strategy strategy,
            @ForAll @IntRange(min = 1, max = 3) int blocks) {
        List<LayerSpec> layers = new ArrayList<>();
        for (int width : widths) {
            layers.add(LayerSpec.dense("layer" + layers.size(), width, 1 + width / 2));
        }
        FactorMemory memory = new FactorMemory(Precision.FLOAT32, strategy, blocks);
        long limit = 1 + (long) (share * memory.peakBytes(layers));
        double kept = layers.stream().mapToDouble(memory::keptBytes).sum();
        try {
            LayerGroups groups = LayerGroups.of(layers, memory, TestBackends.EJML, limit);
            List<LayerSpec> all = groups.groups().stream().flatMap(List::stream).toList();
            assertEquals(layers.size(), all.size());
            assertEquals(Set.copyOf(layers), Set.copyOf(all));
            assertTrue(groups.peakBytes() <= limit);
            assertEquals(kept, groups.keptBytes(), 1e-6 * kept);
        } catch (IllegalArgumentException e) {
            assertTrue(e.toString().contains("layer"), e::toString);
            assertTrue(share <= 1, "what fits as a whole is never refused");
        }
    }

    @Test
    void finishedFactorsThatDoNotFitAreRefusedByName() {
        List<LayerSpec> layers = new ArrayList<>();
        for (int l = 0; l < 50; l++) {
            layers.add(LayerSpec.dense("layer" + l, 100 + l, 100));
        }
        FactorMemory memory = new FactorMemory(Precision.FLOAT64, Strategy.EKFAC, 1);
        double kept = layers.stream().mapToDouble(memory::keptBytes).sum();
        RuntimeException refusal = assertThrows(
                IllegalArgumentException.class,
                () -> LayerGroups.of(layers, memory, TestBackends.EJML, (long) (kept * 0.9)));
        assertTrue(refusal.toString().contains("layer49 (100 x 150)"), refusal::toString);
        assertTrue(refusal.toString().contains("finished factors of 50 layers"), refusal::toString);
        assertEquals(
                50,
                LayerGroups.of(layers, memory, TestBackends.EJML, (long) (kept * 1.1)).groups().stream()
                        .mapToInt(List::size)
                        .sum());
    }
}
