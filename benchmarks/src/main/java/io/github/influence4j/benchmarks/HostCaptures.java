package io.github.influence4j.benchmarks;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.Precision;
import java.util.List;
import java.util.Optional;

/**
 * A model whose captures are not seen to lie in the backend's memory, so that they are copied like those of any host. A plan
 * counts those copies.
 *
 * @param model the model
 * @param <E> the host's type of an example
 */
record HostCaptures<E>(GradientProvider<E> model) implements GradientProvider<E> {

    /** A matrix without its type. */
    private record Plain(Matrix matrix) implements Matrix {
        @Override
        public int rows() {
            return matrix.rows();
        }

        @Override
        public int columns() {
            return matrix.columns();
        }

        @Override
        public Precision precision() {
            return matrix.precision();
        }

        @Override
        public void read(int firstRow, int rowCount, float[] target, int offset) {
            matrix.read(firstRow, rowCount, target, offset);
        }

        @Override
        public void read(int firstRow, int rowCount, double[] target, int offset) {
            matrix.read(firstRow, rowCount, target, offset);
        }

        @Override
        public boolean allowsConcurrentReads() {
            return matrix.allowsConcurrentReads();
        }
    }

    @Override
    public List<LayerSpec> layers() {
        return model.layers();
    }

    @Override
    public List<List<String>> sharedInputs() {
        return model.sharedInputs();
    }

    @Override
    public void capture(ExampleBatch<E> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
        model.capture(
                batch,
                objective,
                layers,
                capture -> sink.accept(new LayerCapture(
                        capture.layer(),
                        capture.examples(),
                        capture.positions(),
                        capture.uses(),
                        new Plain(capture.activations()),
                        new Plain(capture.outputGradients()),
                        capture.mask())));
    }

    @Override
    public Optional<String> fingerprint() {
        return model.fingerprint();
    }
}
