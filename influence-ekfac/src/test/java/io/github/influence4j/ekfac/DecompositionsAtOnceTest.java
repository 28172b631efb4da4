package io.github.influence4j.ekfac;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Precision;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.internal.eigen.LayerEigenbasis;
import io.github.influence4j.ekfac.internal.factor.FactorMemory;
import io.github.influence4j.ekfac.internal.factor.SharedInputs;
import io.github.influence4j.ekfac.internal.fit.EigenbasisApproximator;
import io.github.influence4j.ekfac.internal.solve.EigenbasisCurvature;
import io.github.influence4j.ekfac.options.FitOptions;
import io.github.influence4j.ekfac.options.Strategy;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.bytedeco.openblas.global.openblas_full;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/** Layers that are decomposed at the same time, each on one core. */
@DisabledIfSystemProperty(named = "influence.test.backend", matches = ".+")
class DecompositionsAtOnceTest {

    private static final ExampleSource<Sequence> TRAIN = RandomSequences.sequences(23, 100);
    private static final List<LayerSpec> LAYERS = List.of(
            LayerSpec.tokens("q", 40, 30),
            LayerSpec.tokens("k", 40, 20),
            LayerSpec.tokens("gate", 30, 90).withoutBias(),
            LayerSpec.tokens("v", 40, 30),
            LayerSpec.tokens("up", 30, 60).withoutBias(),
            LayerSpec.tokens("down", 90, 20).withoutBias());
    private static final SharingSequences MODEL =
            SharingSequences.honest(LAYERS, List.of(List.of("q", "k", "v"), List.of("gate", "up")));

    private final int threads = openblas_full.openblas_get_num_threads();

    @AfterEach
    void asBefore() {
        openblas_full.openblas_set_num_threads(threads);
    }

    private static EigenbasisCurvature fit(MatrixBackend backend, int threads, ProgressListener progress) {
        openblas_full.openblas_set_num_threads(threads);
        return EigenbasisApproximator.<Sequence>of(
                        backend, FitOptions.defaults().withBatchSize(7))
                .fit(MODEL, TRAIN, progress);
    }

    @Test
    void giveTheBitsOfOneAfterTheOther() {
        for (MatrixBackend backend : List.of(TestBackends.FAST_FLOAT64, TestBackends.FAST_FLOAT32)) {
            List<Long> reported = new ArrayList<>();
            try (EigenbasisCurvature alone = fit(backend, 1, ProgressListener.silent());
                    EigenbasisCurvature together = fit(backend, 3, (stage, done, total) -> {
                        if (stage.equals("eigendecomposition")) {
                            reported.add(done);
                        }
                    })) {
                for (int l = 0; l < LAYERS.size(); l++) {
                    LayerEigenbasis one = alone.layerCurvatures().get(l).basis().orElseThrow();
                    LayerEigenbasis other =
                            together.layerCurvatures().get(l).basis().orElseThrow();
                    assertEquals(LAYERS.get(l), other.layer());
                    assertArrayEquals(one.activationValues(), other.activationValues());
                    assertArrayEquals(
                            one.gradientVectors().toArray(),
                            other.gradientVectors().toArray());
                }
            }
            assertEquals(List.of(1L, 2L, 3L, 4L, 5L, 6L), reported);
        }
    }

    @Test
    void anInterruptionStopsAll() {
        try {
            assertThrows(CancellationException.class, () -> fit(TestBackends.FAST_FLOAT64, 3, (stage, done, total) -> {
                        if (stage.equals("covariances") && done == total) {
                            Thread.currentThread().interrupt();
                        }
                    })
                    .close());
        } finally {
            assertTrue(Thread.interrupted());
        }
    }

    /** As many at once as fit into what the covariance pass takes anyway. */
    @Property(tries = 200)
    void takeNoMoreMemoryThanTheGroupTakesAnyway(
            @ForAll @Size(min = 1, max = 12) List<@IntRange(min = 1, max = 6_000) Integer> orders,
            @ForAll @IntRange(min = 1, max = 64) int cores,
            @ForAll @IntRange(min = 1, max = 3) int blocks,
            @ForAll Precision precision) {
        List<LayerSpec> layers = IntStream.range(0, orders.size())
                .mapToObj(l -> LayerSpec.tokens("l" + l, orders.get(l), orders.get(orders.size() - 1 - l)))
                .toList();
        List<String> names = layers.stream().map(LayerSpec::name).limit(2).toList();
        boolean share =
                layers.size() > 1 && layers.get(0).inputs() == layers.get(1).inputs();
        FactorMemory memory = new FactorMemory(
                precision,
                Strategy.EKFAC,
                blocks,
                share ? SharedInputs.of(List.of(names), layers) : SharedInputs.none());
        int atOnce = memory.decompositionsAtOnce(layers, cores);
        assertTrue(atOnce >= 1 && atOnce <= cores);
        assertTrue(memory.decompositionBytes(layers, atOnce) <= memory.peakBytes(layers));
        assertEquals(
                IntStream.range(0, layers.size()).boxed().toList(),
                memory.decompositionOrder(layers).stream().sorted().toList());
    }
}
