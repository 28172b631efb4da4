package io.github.influence4j.index.internal.sketch;

import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.index.internal.whiten.WhitenedGradients;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;

/** Projects the captures of a pass, cell by cell, on all cores. For one thread. */
final class Projections implements AutoCloseable {

    private final MatrixBackend backend;
    private final SketchLayout layout;
    private final WhitenedGradients whitened;

    /** Takes the projection of a cell of an example; of different examples from several threads. */
    interface Consumer {
        /** Takes k results in {@code values} and ‖z‖², valid until this method returns. */
        void accept(int example, Cell cell, float[] values, double squares);
    }

    Projections(MatrixBackend backend, SketchLayout layout, WhitenedGradients whitened) {
        this.backend = backend;
        this.layout = layout;
        this.whitened = whitened;
    }

    void add(UploadedCapture capture, Consumer consumer) {
        List<Cell> cells = layout.of(capture.layerIndex());
        int numbers = Math.toIntExact(capture.layer().parameters());
        whitened.forEach(capture, (first, examples, rows) -> {
            int tasks = Math.min(examples, backend.parallelism());
            backend.inParallel(tasks, task -> {
                float[] work = new float[layout.largest()];
                float[] values = new float[layout.largest()];
                for (int e = task; e < examples; e += tasks) {
                    for (Cell cell : cells) {
                        double squares = cell.project(rows, e * numbers, work, values);
                        consumer.accept(first + e, cell, values, squares);
                    }
                }
            });
        });
    }

    @Override
    public void close() {
        whitened.close();
    }
}
