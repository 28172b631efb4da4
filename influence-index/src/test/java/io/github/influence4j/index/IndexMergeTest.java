package io.github.influence4j.index;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.Ekfac;
import io.github.influence4j.ekfac.FittedCurvature;
import io.github.influence4j.ekfac.RandomSequences.Sequence;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.index.internal.file.IndexSection;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.safetensors.MalformedFileException;
import io.github.influence4j.store.factors.FactorStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexMergeTest {

    private static final MatrixBackend BACKEND = TestBackends.OPENBLAS;

    @TempDir
    Path folder;

    private void build(FactorStore factors, IndexOptions options, String name, Sequences train) throws IOException {
        IndexOptions bound = options.withBatches(ScoreOptions.defaults().withBatchSize(4));
        IndexBuild.of(BACKEND, factors, Sequences.model(), Damping.DEFAULT, bound, ProgressListener.silent())
                .write(folder.resolve(name), train, false);
    }

    @Test
    void mergedIndexesAreThatOfAWholeBuild() throws IOException {
        IndexOptions both = IndexOptions.defaults().withPercent(2).withCoordinatesPercent(5);
        FactorStore factors;
        try (FittedCurvature<Sequence> fitted = Ekfac.on(BACKEND).fit(Sequences.model(), new Sequences(0, 20, 20))) {
            factors = FactorStore.save(folder.resolve("factors"), fitted);
        }
        build(factors, both, "whole", new Sequences(0, 20, 8));
        build(factors, both, "first", new Sequences(0, 16, 8));
        build(factors, both, "second", new Sequences(16, 20, 8));
        Path merged = folder.resolve("merged");
        List<Path> parts = List.of(folder.resolve("first"), folder.resolve("second"));
        IndexMerge.merge(parts, merged);
        for (int s = 0; s < 3; s++) {
            for (IndexSection section : IndexSection.values()) {
                assertArrayEquals(
                        Files.readAllBytes(folder.resolve("whole").resolve(section.file(s))),
                        Files.readAllBytes(merged.resolve(section.file(s))));
            }
        }
        try (GradientIndex index = GradientIndex.open(merged)) {
            index.verify();
            assertEquals(20, index.size());
        }
        // a merge goes on as an index: what is in it is not added again
        assertThrows(IllegalStateException.class, () -> IndexMerge.merge(parts, merged));
        assertThrows(
                IllegalArgumentException.class,
                () -> IndexMerge.merge(List.of(parts.get(0), parts.get(0)), folder.resolve("twice")));
        assertThrows(IllegalArgumentException.class, () -> IndexMerge.merge(List.of(), folder.resolve("none")));
        build(factors, both.withSeed(3), "seeded", new Sequences(30, 34, 8));
        assertThrows(
                IllegalArgumentException.class,
                () -> IndexMerge.merge(List.of(parts.get(0), folder.resolve("seeded")), folder.resolve("mixed")));
        Path file = parts.get(1).resolve("coordinates-000000.safetensors");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 9] ^= 1;
        Files.write(file, bytes);
        assertThrows(MalformedFileException.class, () -> IndexMerge.merge(parts, folder.resolve("damaged")));
    }
}
