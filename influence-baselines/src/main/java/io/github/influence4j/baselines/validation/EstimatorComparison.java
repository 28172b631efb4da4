package io.github.influence4j.baselines.validation;

import io.github.influence4j.api.Damping;
import io.github.influence4j.api.ExampleSource;
import io.github.influence4j.api.FittedEstimator;
import io.github.influence4j.api.LayerDamping;
import io.github.influence4j.api.NumericalException;
import io.github.influence4j.api.ProgressListener;
import io.github.influence4j.baselines.retraining.RetrainedObjectives;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import org.apache.commons.math3.stat.StatUtils;

/**
 * Estimators of one model over one data set beside each other, all with the same damping and against the same reference: the
 * exact solution or any other estimator, measured responses, models trained on subsets, or several of these.
 *
 * <pre>{@code
 * try (EstimatorComparison<Example> comparison = EstimatorComparison.of(queries, train)) {
 *     comparison.against("exact", () -> ExactGaussNewton.on(backend).fit(model, train));
 *     comparison.add("EK-FAC", () -> Ekfac.on(backend).fit(model, train));
 *     comparison.add("mine", () -> new MyEstimator(model, train));
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
     */
    public ComparisonTable run(LayerDamping damping, ProgressListener progress) {
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
        return new ComparisonTable(rows);
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
        OptionalDouble lds = retrained.isPresent()
                ? OptionalDouble.of(StatUtils.mean(retrained.get().linearDatamodellingScores(estimate.scores())))
                : OptionalDouble.empty();
        return ComparisonTable.Row.of(name, estimate, agreement, lds);
    }

    @Override
    public void close() {
        owned.forEach(FittedOnce::close);
    }
}
