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
import java.util.stream.IntStream;

/**
 * Passes over data that keep whitened gradients in sections of an index: of training examples the signs are kept, of questions the
 * numbers themselves. No capture or gradient is kept beyond its batch.
 *
 * @param <E> the host's type of an example
 */
public final class Sketching<E> implements AutoCloseable {

    private final MatrixBackend backend;
    private final CapturePass<E> pass;
    private final WhitenedGradients whitened;
    private final BatchSize batches;
    private final ProgressListener progress;

    /** Takes the rows of a batch. */
    public interface Rows {
        /**
         * Takes rows.
         *
         * @param rows of the next examples, one element for each section
         * @throws IOException if they cannot be kept
         */
        void accept(List<SignRows> rows) throws IOException;
    }

    /** Takes the whitened gradient of one layer; of different examples from several threads. */
    private interface Gradients {
        void accept(int task, int example, float[] gradients, int offset);
    }

    /**
     * Prepares passes.
     *
     * @param backend computes
     * @param model the model
     * @param solver the damped curvature; borrowed
     * @param options bounds of batches
     * @param progress is told after each batch
     */
    public Sketching(
            MatrixBackend backend,
            GradientProvider<E> model,
            EigenbasisSolver solver,
            ScoreOptions options,
            ProgressListener progress) {
        List<LayerSpec> layers = CapturePass.layersOf(model);
        this.backend = backend;
        this.progress = progress;
        this.batches = ScoringMemory.of(backend, options).batches(layers, model.bytesPerPosition());
        this.pass = CapturePass.scaling(backend, model, layers);
        this.whitened = new WhitenedGradients(backend, model, layers, solver);
    }

    /** On all cores. */
    private void forEach(CapturePass.Step step, UploadedCapture capture, Gradients consumer) {
        int numbers = Math.toIntExact(capture.layer().parameters());
        whitened.forEach(step, capture, (first, examples, rows) -> {
            int tasks = Math.min(examples, backend.parallelism());
            backend.inParallel(tasks, task -> {
                for (int e = task; e < examples; e += tasks) {
                    consumer.accept(task, first + e, rows, e * numbers);
                }
            });
        });
    }

    private List<SectionCoder.Task> tasks(SectionCoder coder) {
        return IntStream.range(0, Math.max(1, backend.parallelism()))
                .mapToObj(task -> coder.task())
                .toList();
    }

    /**
     * Keeps training examples.
     *
     * @param train the examples
     * @param sections how
     * @param rows takes the rows, in their order
     * @throws IOException if they cannot be kept
     */
    public void training(ExampleSource<E> train, List<SectionCoder> sections, Rows rows) throws IOException {
        try {
            pass.run(
                    train,
                    batches,
                    List.of(new Objective.TrainingLoss()),
                    "index",
                    progress,
                    new Batches(sections, rows));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private final class Batches implements CapturePass.Consumer {

        private final List<SectionCoder> sections;
        private final List<List<SectionCoder.Task>> tasks;
        private final Rows rows;
        private List<SignRows> batch = List.of();

        Batches(List<SectionCoder> sections, Rows rows) {
            this.sections = sections;
            this.tasks = sections.stream().map(Sketching.this::tasks).toList();
            this.rows = rows;
        }

        @Override
        public void startBatch(CapturePass.Step step) {
            batch = sections.stream()
                    .map(coder ->
                            SignRows.empty(step.ids().clone(), coder.layout().shape()))
                    .toList();
        }

        @Override
        public void accept(CapturePass.Step step, UploadedCapture capture) {
            forEach(step, capture, (task, example, gradients, offset) -> {
                for (int s = 0; s < batch.size(); s++) {
                    tasks.get(s).get(task).keep(capture.layerIndex(), gradients, offset, batch.get(s), example);
                }
            });
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
     * Takes questions.
     *
     * @param queries the questions
     * @param section how
     * @return a sketch of each, in their order
     */
    public List<QuerySketch> questions(ExampleSource<E> queries, SectionCoder section) {
        List<QuerySketch> sketches = Collections.synchronizedList(new ArrayList<>());
        List<SectionCoder.Task> tasks = tasks(section);
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
                            sketches.add(section.question(id));
                        }
                    }

                    @Override
                    public void accept(CapturePass.Step step, UploadedCapture capture) {
                        int first = Math.toIntExact(step.firstExample());
                        forEach(step, capture, (task, example, gradients, offset) -> tasks.get(task)
                                .ask(capture.layerIndex(), gradients, offset, sketches.get(first + example)));
                    }
                });
        return List.copyOf(sketches);
    }

    @Override
    public void close() {
        whitened.close();
        pass.close();
    }
}
