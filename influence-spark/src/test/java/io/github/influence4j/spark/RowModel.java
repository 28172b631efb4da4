package io.github.influence4j.spark;

import io.github.influence4j.api.CaptureSink;
import io.github.influence4j.api.ExampleBatch;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerCapture;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Matrix;
import io.github.influence4j.api.Objective;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;

/** A layer whose inputs and gradients are the numbers of a row, after its id: the smallest host of one's own. */
record RowModel() implements ProviderFactory<double[]> {

    static final LayerSpec LAYER = LayerSpec.dense("only", 3, 2);

    /** Makes examples of rows. */
    static ExampleSource<double[]> examples(List<double[]> rows) {
        return ExampleSource.of(
                rows, rows.stream().mapToLong(row -> (long) row[0]).toArray());
    }

    /** A row that no other has. */
    static double[] row(long id) {
        double[] row = new double[6];
        row[0] = id;
        for (int k = 1; k < row.length; k++) {
            row[k] = Math.sin(13.0 * id + 7.0 * k);
        }
        return row;
    }

    @Override
    public GradientProvider<double[]> open(MatrixBackend backend) {
        return new Provider();
    }

    /** Hands the numbers on. */
    static final class Provider implements GradientProvider<double[]> {

        @Override
        public List<LayerSpec> layers() {
            return List.of(LAYER);
        }

        @Override
        public void capture(
                ExampleBatch<double[]> batch, Objective objective, List<LayerSpec> layers, CaptureSink sink) {
            sink.accept(LayerCapture.of(LAYER, columns(batch, 1, 3), columns(batch, 4, 2)));
        }

        private static Matrix columns(ExampleBatch<double[]> batch, int first, int count) {
            double[] numbers = new double[batch.size() * count];
            for (int e = 0; e < batch.size(); e++) {
                System.arraycopy(batch.examples().get(e), first, numbers, e * count, count);
            }
            return Matrix.of(numbers, batch.size(), count);
        }
    }
}
