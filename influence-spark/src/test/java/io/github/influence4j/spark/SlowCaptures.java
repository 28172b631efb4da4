package io.github.influence4j.spark;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.linalg.MatrixBackend;
import io.github.influence4j.store.captures.CapturedExample;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Captures that take their time, so that a task can be killed in their midst. */
record SlowCaptures(ProviderFactory<CapturedExample> files) implements ProviderFactory<CapturedExample> {

    private static final long MILLISECONDS = 400;

    @Override
    public GradientProvider<CapturedExample> open(MatrixBackend backend) throws IOException {
        return new Slow(files.open(backend));
    }

    private record Slow(GradientProvider<CapturedExample> fast) implements GradientProvider<CapturedExample> {

        @Override
        public List<LayerSpec> layers() {
            return fast.layers();
        }

        @Override
        public void capture(
                ExampleBatch<CapturedExample> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            try {
                Thread.sleep(MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            fast.capture(batch, objective, layers, sink);
        }

        @Override
        public int positions(CapturedExample example) {
            return fast.positions(example);
        }

        @Override
        public Optional<String> sampledLabels() {
            return fast.sampledLabels();
        }
    }
}
