package io.github.influence4j.examples.index;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.factor.UploadedCapture;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.index.internal.whiten.WhitenedGradients;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.List;

/** Passes over questions and training sequences whose whitened gradients several representations take at once. */
final class WhitenedPass {

    private static final BatchSize BATCH = BatchSize.ofExamples(16);

    private final MatrixBackend backend;
    private final EigenbasisSolver solver;
    private final List<? extends Representation> representations;
    private final ProgressListener progress;

    /** What a representation does with the gradients of one layer. */
    private interface Taking {
        void take(Representation to, int layer, int first, int examples, float[] rows);
    }

    WhitenedPass(
            MatrixBackend backend,
            EigenbasisSolver solver,
            List<? extends Representation> representations,
            ProgressListener progress) {
        this.backend = backend;
        this.solver = solver;
        this.representations = representations;
        this.progress = progress;
    }

    /** Gives questions to the representations. */
    <E> void ask(GradientProvider<E> model, ExampleSource<E> questions) {
        run(model, questions, new Objective.Measurement(), new Consumer() {
            @Override
            public void accept(CapturePass.Step step, UploadedCapture capture) {
                int start = Math.toIntExact(step.firstExample());
                take(step, capture, (to, layer, first, examples, rows) -> to.ask(layer, start + first, examples, rows));
            }
        });
    }

    /** Gives a part of the training set to the representations, which have its scores afterwards. */
    <E> void keep(GradientProvider<E> model, ExampleSource<E> part) {
        representations.forEach(representation -> representation.begin(Math.toIntExact(part.size())));
        run(model, part, new Objective.TrainingLoss(), new Consumer() {
            @Override
            public void startBatch(CapturePass.Step step) {
                int first = Math.toIntExact(step.firstExample());
                representations.forEach(representation -> representation.startBatch(first, step.ids().length));
            }

            @Override
            public void accept(CapturePass.Step step, UploadedCapture capture) {
                take(step, capture, Representation::keep);
            }

            @Override
            public void finishBatch() {
                representations.forEach(Representation::finishBatch);
            }
        });
    }

    private <E> void run(GradientProvider<E> model, ExampleSource<E> data, Objective objective, Consumer consumer) {
        try (CapturePass<E> pass = CapturePass.scaling(backend, model, model.layers());
                WhitenedGradients whitened = new WhitenedGradients(backend, model, model.layers(), solver)) {
            consumer.whitened = whitened;
            pass.run(data, BATCH, List.of(objective), "whitened gradients", progress, consumer);
        }
    }

    private abstract class Consumer implements CapturePass.Consumer {
        @SuppressWarnings("NullAway.Init") // set before the pass
        private WhitenedGradients whitened;

        void take(CapturePass.Step step, UploadedCapture capture, Taking taking) {
            whitened.forEach(step, capture, (first, examples, rows) -> {
                for (Representation representation : representations) {
                    taking.take(representation, capture.layerIndex(), first, examples, rows);
                }
            });
        }
    }
}
