package io.github.influence4j.examples.index;

import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.GradientProvider;
import io.github.influence4j.api.LayerSpec;
import io.github.influence4j.api.Objective;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.ekfac.internal.factor.BatchSize;
import io.github.influence4j.ekfac.internal.factor.CapturePass;
import io.github.influence4j.ekfac.internal.solve.EigenbasisSolver;
import io.github.influence4j.ekfac.internal.solve.Reciprocals;
import io.github.influence4j.index.internal.whiten.WhitenedGradients;
import io.github.influence4j.linalg.BackendMatrix;
import io.github.influence4j.linalg.MatrixBackend;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Scores by several two-sided projections in one pass over the questions and one over the training set. */
final class ProjectionScores {

    private static final BatchSize BATCH = BatchSize.ofExamples(16);

    private final MatrixBackend backend;
    private final EigenbasisSolver solver;
    private final List<TwoSidedProjection> projections;
    private final ProgressListener progress;
    private final Map<Integer, float[]> roots = new HashMap<>();

    ProjectionScores(
            MatrixBackend backend,
            EigenbasisSolver solver,
            List<TwoSidedProjection> projections,
            ProgressListener progress) {
        this.backend = backend;
        this.solver = solver;
        this.projections = projections;
        this.progress = progress;
    }

    /** Takes the projections of one layer of an example; of different examples from several threads. */
    private interface Consumer {
        void accept(int example, int layer, int projection, float[] values);
    }

    /** Returns the scores of each projection, [questions, train]. */
    <E> double[][][] of(GradientProvider<E> model, ExampleSource<E> questions, ExampleSource<E> train) {
        List<LayerSpec> layers = model.layers();
        int asked = Math.toIntExact(questions.size());
        float[][][][] kept = new float[projections.size()][asked][layers.size()][];
        double[][][] scores = new double[projections.size()][asked][Math.toIntExact(train.size())];
        run(model, questions, new Objective.Measurement(), (e, l, p, values) -> kept[p][e][l] = values);
        run(model, train, new Objective.TrainingLoss(), (e, l, p, values) -> {
            float[] rounded = TwoSidedProjection.rounded(values);
            for (int q = 0; q < asked; q++) {
                scores[p][q][e] += dot(kept[p][q][l], rounded);
            }
        });
        return scores;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += (double) a[k] * b[k];
        }
        return sum;
    }

    private <E> void run(GradientProvider<E> model, ExampleSource<E> data, Objective objective, Consumer consumer) {
        boolean question = objective instanceof Objective.Measurement;
        try (CapturePass<E> pass = CapturePass.scaling(backend, model, model.layers());
                WhitenedGradients whitened = new WhitenedGradients(backend, solver)) {
            pass.run(data, BATCH, List.of(objective), "two-sided projections", progress, (step, capture) -> {
                int start = Math.toIntExact(step.firstExample());
                whitened.forEach(
                        capture,
                        (first, examples, rows) ->
                                project(capture.layerIndex(), start + first, examples, rows, question, consumer));
            });
        }
    }

    private void project(int layer, int start, int examples, float[] rows, boolean question, Consumer consumer) {
        float[] root = root(layer);
        float[] own = Arrays.copyOf(rows, examples * root.length);
        float[] plain = new float[own.length];
        for (int k = 0; k < plain.length; k++) {
            float factor = root[k % root.length];
            plain[k] = question ? own[k] * factor : own[k] / factor;
        }
        for (int p = 0; p < projections.size(); p++) {
            int number = p;
            TwoSidedProjection projection = projections.get(p);
            float[][] values = projection.project(backend, layer, examples, projection.whitened() ? own : plain);
            backend.inParallel(examples, e -> consumer.accept(start + e, layer, number, values[e]));
        }
    }

    /** (Λ+λ)^-½ of a layer, up to a factor that does not change a score. */
    private float[] root(int layer) {
        return roots.computeIfAbsent(layer, l -> {
            BackendMatrix values =
                    solver.reciprocals(l).map(Reciprocals::values).orElseThrow();
            float[] root = new float[values.rows() * values.columns()];
            int at = 0;
            for (double[] row : values.toArray()) {
                for (double value : row) {
                    root[at++] = (float) Math.sqrt(value);
                }
            }
            return root;
        });
    }
}
