package io.github.influence4j.index.internal.sketch;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.ekfac.internal.score.ScoringMemory;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.options.ScoreOptions;
import io.github.influence4j.index.internal.whiten.WhitenedGradients;
import io.github.influence4j.linalg.MatrixBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Passes over data that sketch it: of training examples the signs are kept, of questions the results themselves. No capture or
 * gradient is kept beyond its batch.
 *
 * @param <E> the host's type of an example
 */
public final class Sketching<E> implements AutoCloseable {

    private final CapturePass<E> pass;
    private final Projections projections;
    private final SketchLayout layout;
    private final BatchSize batches;
    private final ProgressListener progress;

    /** Takes the rows of a batch. */
    public interface Rows {
        /**
         * Takes rows.
         *
         * @param rows of the next examples
         * @throws IOException if they cannot be kept
         */
        void accept(SignRows rows) throws IOException;
    }

    /**
     * Prepares passes.
     *
     * @param backend computes
     * @param model the model
     * @param solver the damped curvature; borrowed
     * @param layout what is kept
     * @param options bounds of batches
     * @param progress is told after each batch
     */
    public Sketching(
            MatrixBackend backend,
            GradientProvider<E> model,
            EigenbasisSolver solver,
            SketchLayout layout,
            ScoreOptions options,
            ProgressListener progress) {
        List<LayerSpec> layers = CapturePass.layersOf(model);
        this.layout = layout;
        this.progress = progress;
        this.batches = ScoringMemory.of(backend, options).batches(layers, model.bytesPerPosition());
        this.pass = CapturePass.scaling(backend, model, layers);
        this.projections = new Projections(backend, layout, new WhitenedGradients(backend, solver));
    }

    /**
     * Sketches training examples.
     *
     * @param train the examples
     * @param rows takes the rows, in their order
     * @throws IOException if they cannot be kept
     */
    public void training(ExampleSource<E> train, Rows rows) throws IOException {
        try {
            pass.run(train, batches, List.of(new Objective.TrainingLoss()), "index", progress, new Batches(rows));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private final class Batches implements CapturePass.Consumer {

        private final Rows rows;
        private SignRows batch = SignRows.empty(new long[0], layout);

        Batches(Rows rows) {
            this.rows = rows;
        }

        @Override
        public void startBatch(CapturePass.Step step) {
            batch = SignRows.empty(step.ids().clone(), layout);
        }

        @Override
        public void accept(CapturePass.Step step, UploadedCapture capture) {
            projections.add(capture, (e, c, values, squares) -> batch.set(layout, e, c, values, squares));
        }

        @Override
        public void finishBatch() {
            try {
                rows.accept(batch);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /**
     * Sketches questions.
     *
     * @param queries the questions
     * @return a sketch of each, in their order
     */
    public List<QuerySketch> questions(ExampleSource<E> queries) {
        List<QuerySketch> sketches = Collections.synchronizedList(new ArrayList<>());
        pass.run(
                queries,
                batches,
                List.of(new Objective.Measurement()),
                "questions",
                progress,
                new CapturePass.Consumer() {
                    @Override
                    public void startBatch(CapturePass.Step step) {
                        for (long id : step.ids()) {
                            sketches.add(new QuerySketch(id, layout));
                        }
                    }

                    @Override
                    public void accept(CapturePass.Step step, UploadedCapture capture) {
                        int first = Math.toIntExact(step.firstExample());
                        projections.add(capture, (e, c, values, squares) -> sketches.get(first + e)
                                .set(c, values, squares));
                    }
                });
        return List.copyOf(sketches);
    }

    @Override
    public void close() {
        projections.close();
        pass.close();
    }
}
