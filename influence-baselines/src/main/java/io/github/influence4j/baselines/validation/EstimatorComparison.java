package io.github.influence4j.baselines.validation;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.FittedEstimator;
import io.github.influence4j.api.InfluenceScores;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.retraining.Removal;
import io.github.influence4j.baselines.retraining.RemovalCurves;
import io.github.influence4j.baselines.retraining.RetrainedObjectives;
import io.github.influence4j.baselines.retraining.Retraining;
import io.github.influence4j.baselines.retraining.TrainingSubsets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Estimators of one model over one data set beside each other, all with the same damping and against the same reference: the
 * exact solution or any other estimator, measured responses, models trained on subsets, or several of these.
 *
 * <pre>{@code
 * try (EstimatorComparison<Example> comparison = EstimatorComparison.of(queries, train)) {
 *     comparison.against("exact", () -> ExactGaussNewton.on(backend).fit(model, train));
 *     comparison.add("EK-FAC", () -> Ekfac.on(backend).fit(model, train));
 *     comparison.add("mine", () -> new MyEstimator(model, train));
 *     comparison.withRetraining(new Retraining<>(trainer, RetrainingOptions.of(2)), TrainingSubsets.random(ids, 60, 0.5, 1));
 *     comparison.withRemoval(new Removal<>(trainer, RemovalOptions.of(List.of(5, 20))));
 *     System.out.println(comparison.run(Damping.DEFAULT));
 * }
 * }</pre>
 *
 * <p>Estimators are fitted at the first run and kept for the next; closing this closes them. Times are wall clock, one after
 * the other: the first fit in a JVM takes several times as long as the next. Not for use by several threads.
 *
 * @param <E> the host's type of an example
 */
public final class EstimatorComparison<E> implements AutoCloseable {

    private static final String STAGE = "comparing estimators";

    private final ExampleSource<E> queries;
    private final ExampleSource<E> train;
    private final List<Estimator> estimators = new ArrayList<>();
    private final List<FittedOnce<E, FittedEstimator<E>>> owned = new ArrayList<>();
    private Optional<Estimator> reference = Optional.empty();
    private Optional<Responses> responses = Optional.empty();
    private Optional<RetrainedObjectives> retrained = Optional.empty();
    private Optional<Retraining<E>> retraining = Optional.empty();
    private Optional<TrainingSubsets> subsets = Optional.empty();
    private Optional<Removal<E>> removal = Optional.empty();

    private EstimatorComparison(ExampleSource<E> queries, ExampleSource<E> train) {
        this.queries = queries;
        this.train = train;
    }

    /**
     * Starts a comparison without estimators.
     *
     * @param <E> the host's type of an example
     * @param queries the queries
     * @param train the training examples to score
     * @return a comparison, which the caller closes
     */
    public static <E> EstimatorComparison<E> of(ExampleSource<E> queries, ExampleSource<E> train) {
        return new EstimatorComparison<>(queries, train);
    }

    /**
     * Adds an estimator.
     *
     * @param name names its row
     * @param fit fits it to the training set
     * @return this
     */
    public EstimatorComparison<E> add(String name, Supplier<? extends FittedEstimator<E>> fit) {
        return add(own(name, fit));
    }

    /**
     * Adds an estimator that has no fit, or keeps time of its own.
     *
     * @param estimator scores the same queries and examples; borrowed
     * @return this
     */
    public EstimatorComparison<E> add(Estimator estimator) {
        estimators.add(estimator);
        return this;
    }

    /**
     * Compares with the scores of an estimator, which gets a row of its own, the first.
     *
     * @param name names its row
     * @param fit fits it to the training set
     * @return this
     */
    public EstimatorComparison<E> against(String name, Supplier<? extends FittedEstimator<E>> fit) {
        FittedOnce<E, FittedEstimator<E>> made = own(name, fit);
        reference = Optional.of(made);
        responses = Optional.empty();
        return this;
    }

    /**
     * Compares with what was measured when training examples got more weight.
     *
     * @param trainIds those examples
     * @param changes how much each query's objective fell for each of them, per unit of weight, [queries][those examples]
     * @return this
     */
    public EstimatorComparison<E> against(long[] trainIds, double[][] changes) {
        responses = Optional.of(new Responses(trainIds.clone(), changes));
        reference = Optional.empty();
        return this;
    }

    /**
     * Adds the linear datamodelling score to every row.
     *
     * @param objectives of models trained on subsets
     * @return this
     */
    public EstimatorComparison<E> withRetrained(RetrainedObjectives objectives) {
        retrained = Optional.of(objectives);
        return this;
    }

    /**
     * Adds the linear datamodelling score to every row, of models that the first run trains.
     *
     * @param trainings trains the host's model again, and may keep what is finished
     * @param parts of the training set, which models are trained on
     * @return this
     */
    public EstimatorComparison<E> withRetraining(Retraining<E> trainings, TrainingSubsets parts) {
        retraining = Optional.of(trainings);
        subsets = Optional.of(parts);
        return this;
    }

    /**
     * Adds removal curves to the table: every run trains again without what each estimator calls most helpful. Where files are kept, each
     * damping needs a folder of its own, since another damping names other examples.
     *
     * @param trainings trains the host's model again
     * @return this
     */
    public EstimatorComparison<E> withRemoval(Removal<E> trainings) {
        removal = Optional.of(trainings);
        return this;
    }

    private record Responses(long[] trainIds, double[][] changes) {}

    private FittedOnce<E, FittedEstimator<E>> own(String name, Supplier<? extends FittedEstimator<E>> fit) {
        FittedOnce<E, FittedEstimator<E>> made = new FittedOnce<>(name, fit, queries, train);
        owned.add(made);
        return made;
    }

    /**
     * Compares with a damping that the first estimator that knows eigenvalues turns into one λ for each layer.
     *
     * @param damping absolute, or relative to each layer's mean eigenvalue
     * @return one row for each estimator
     * @throws IllegalArgumentException if no estimator can resolve the damping, or there is none
     */
    public ComparisonTable run(Damping damping) {
        IllegalArgumentException none =
                new IllegalArgumentException("no estimator of the comparison can resolve damping " + damping);
        for (FittedOnce<E, FittedEstimator<E>> estimator : owned) {
            try {
                return run(estimator.fitted().resolve(damping), ProgressListener.silent());
            } catch (IllegalArgumentException e) {
                none.addSuppressed(e);
            }
        }
        throw none;
    }

    /**
     * Compares.
     *
     * @param damping λ by layer, which the reference shares
     * @param progress is told after each estimator
     * @return one row for each estimator, in the order in which they were added
     * @throws IllegalArgumentException if there is no estimator, or the reference is of other queries or examples
     * @throws NumericalException if the reference diverges
     * @throws UncheckedIOException if finished trainings cannot be kept
     */
    public ComparisonTable run(LayerDamping damping, ProgressListener progress) {
        if (retrained.isEmpty() && retraining.isPresent()) {
            retrained = Optional.of(trained(progress));
        }
        List<ComparisonTable.Row> rows = new ArrayList<>();
        Optional<Estimate> truth = reference.map(estimator -> estimator.estimate(damping));
        truth.ifPresent(estimate -> rows.add(row(reference.orElseThrow().name(), estimate, truth)));
        if (estimators.isEmpty() && truth.isEmpty()) {
            throw new IllegalArgumentException("there is no estimator to compare");
        }
        for (Estimator estimator : estimators) {
            rows.add(row(estimator, damping, truth));
            progress.progress(STAGE, rows.size(), estimators.size() + (truth.isPresent() ? 1 : 0));
        }
        return new ComparisonTable(rows, removed(rows, progress));
    }

    private RetrainedObjectives trained(ProgressListener progress) {
        try {
            return retraining.orElseThrow().run(train, queries, subsets.orElseThrow(), progress);
        } catch (IOException e) {
            throw new UncheckedIOException("finished trainings", e);
        }
    }

    private Optional<RemovalCurves> removed(List<ComparisonTable.Row> rows, ProgressListener progress) {
        if (removal.isEmpty()) {
            return Optional.empty();
        }
        Map<String, InfluenceScores> scores = new LinkedHashMap<>();
        rows.forEach(row -> row.scores().ifPresent(own -> scores.put(row.estimator(), own)));
        try {
            return Optional.of(removal.get().byScores(train, queries, scores, progress));
        } catch (IOException e) {
            throw new UncheckedIOException("finished trainings without examples", e);
        }
    }

    private ComparisonTable.Row row(Estimator estimator, LayerDamping damping, Optional<Estimate> truth) {
        try {
            return row(estimator.name(), estimator.estimate(damping), truth);
        } catch (NumericalException e) {
            return ComparisonTable.Row.failed(estimator.name(), String.valueOf(e.getMessage()));
        }
    }

    private ComparisonTable.Row row(String name, Estimate estimate, Optional<Estimate> truth) {
        Optional<Agreement> agreement = truth.map(other -> Agreement.of(estimate.scores(), other.scores()))
                .or(() -> responses.map(r -> Agreement.of(estimate.scores(), r.trainIds(), r.changes())));
        return ComparisonTable.Row.of(
                name,
                estimate,
                agreement,
                retrained.map(models -> models.linearDatamodellingScores(estimate.scores())));
    }

    @Override
    public void close() {
        owned.forEach(FittedOnce::close);
    }
}
